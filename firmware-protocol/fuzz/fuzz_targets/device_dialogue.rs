#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firmware_protocol::fuzz_entry::device_dialogue(data));
