//! The commands a controller knows: those of Bluetooth 4.2 that LE hosts use, and who carries them out.

use super::{
    core::{ControllerId, Core},
    hci::{Parameters, Status, event},
};

/// What a command answers at once: return parameters, or why not.
pub(super) type Answer = Result<Vec<u8>, Status>;

/// Features of LE: encryption, extended reject, features asked for by the peripheral, data length.
pub(super) const LE_FEATURES: [u8; 8] = [0b0010_1101, 0, 0, 0, 0, 0, 0, 0];
/// Features of the controller: LE, and no BR/EDR.
const FEATURES: [u8; 8] = [0, 0, 0, 0, 0x60, 0, 0, 0];
/// Bluetooth 4.2 of nobody in particular.
pub(super) const VERSION: u8 = 8;
/// Size and number of the data packets that a host may have under way.
const BUFFERS: [u8; 3] = [251, 0, 8];
/// Up to 251 bytes in 2120 µs, in both directions.
pub(super) const LONGEST_DATA: [u8; 8] = [0xFB, 0, 0x48, 0x08, 0xFB, 0, 0x48, 0x08];
const ACCEPT_LIST_SIZE: u8 = 16;

struct Command {
    opcode: u16,
    /// Byte and bit in "supported commands"; `None` for those that have none or are not announced.
    announced: Option<(usize, u8)>,
    first: First,
    run: fn(&mut Core, ControllerId, &mut Parameters) -> Answer,
}

/// Which event answers at once.
#[derive(PartialEq, Eq)]
enum First {
    Complete,
    Status,
}

const fn complete(
    opcode: u16,
    byte: usize,
    bit: u8,
    run: fn(&mut Core, ControllerId, &mut Parameters) -> Answer,
) -> Command {
    Command { opcode, announced: Some((byte, bit)), first: First::Complete, run }
}

const fn status(
    opcode: u16,
    byte: usize,
    bit: u8,
    run: fn(&mut Core, ControllerId, &mut Parameters) -> Answer,
) -> Command {
    Command { opcode, announced: Some((byte, bit)), first: First::Status, run }
}

const fn unannounced(opcode: u16, run: fn(&mut Core, ControllerId, &mut Parameters) -> Answer) -> Command {
    Command { opcode, announced: None, first: First::Complete, run }
}

const COMMANDS: &[Command] = &[
    // Links
    status(0x0406, 0, 5, Core::disconnect),
    status(0x041D, 2, 7, Core::read_remote_version),
    // Controller and baseband
    complete(0x0C01, 5, 6, |_, _, _| Ok(vec![])), // Set Event Mask
    complete(0x0C03, 5, 7, |core, id, _| {
        core.vanish(id);
        core.clear(id);
        Ok(vec![])
    }), // Reset
    // Information
    complete(0x1001, 14, 3, |_, _, _| Ok(vec![VERSION, 0, 0, VERSION, 0xFF, 0xFF, 0, 0])), // Read Local Version
    unannounced(0x1002, |_, _, _| Ok(supported().to_vec())), // Read Local Supported Commands
    complete(0x1003, 14, 5, |_, _, _| Ok(FEATURES.to_vec())), // Read Local Supported Features
    complete(0x1009, 15, 1, |core, id, _| core.of(id, |controller| controller.public.to_vec())), // Read BD_ADDR
    complete(0x1405, 15, 5, Core::read_rssi),
    // LE
    complete(0x2001, 25, 0, |_, _, _| Ok(vec![])), // LE Set Event Mask
    complete(0x2002, 25, 1, |_, _, _| Ok(BUFFERS.to_vec())), // LE Read Buffer Size
    complete(0x2003, 25, 2, |_, _, _| Ok(LE_FEATURES.to_vec())), // LE Read Local Supported Features
    complete(0x2005, 25, 4, Core::set_random_address),
    complete(0x2006, 25, 5, Core::set_advertising_parameters),
    complete(0x2007, 25, 6, |_, _, _| Ok(vec![0])), // LE Read Advertising Channel Tx Power
    complete(0x2008, 25, 7, Core::set_advertising_data),
    complete(0x2009, 26, 0, Core::set_scan_response),
    complete(0x200A, 26, 1, Core::enable_advertising),
    complete(0x200B, 26, 2, Core::set_scan_parameters),
    complete(0x200C, 26, 3, Core::enable_scan),
    status(0x200D, 26, 4, Core::create_connection),
    complete(0x200E, 26, 5, Core::cancel_connection),
    complete(0x200F, 26, 6, |_, _, _| Ok(vec![ACCEPT_LIST_SIZE])), // LE Read Accept List Size
    complete(0x2010, 26, 7, |core, id, _| {
        core.of(id, |controller| controller.accept.clear())?;
        Ok(vec![])
    }), // LE Clear Accept List
    complete(0x2011, 27, 0, |core, id, parameters| {
        let address = parameters.address()?;
        core.of(id, |controller| controller.accept.insert(address))?;
        Ok(vec![])
    }), // LE Add Device To Accept List
    complete(0x2012, 27, 1, |core, id, parameters| {
        let address = parameters.address()?;
        core.of(id, |controller| controller.accept.remove(&address))?;
        Ok(vec![])
    }), // LE Remove Device From Accept List
    status(0x2013, 27, 2, Core::update_connection),
    complete(0x2014, 27, 3, |_, _, _| Ok(vec![])), // LE Set Host Channel Classification
    complete(0x2015, 27, 4, |_, _, parameters| {
        let [low, high] = parameters.array()?;
        Ok(vec![low, high, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F])
    }), // LE Read Channel Map
    status(0x2016, 27, 5, Core::read_remote_features),
    complete(0x2018, 27, 7, |core, _, _| Ok(core.random.u64(..).to_le_bytes().to_vec())), // LE Rand
    status(0x2019, 28, 0, Core::enable_encryption),
    complete(0x201A, 28, 1, |core, id, parameters| {
        let handle = parameters.u16()?;
        let key = parameters.array()?;
        core.answer_key_request(id, handle, Some(key))
    }), // LE Long Term Key Request Reply
    complete(0x201B, 28, 2, |core, id, parameters| {
        let handle = parameters.u16()?;
        core.answer_key_request(id, handle, None)
    }), // LE Long Term Key Request Negative Reply
    complete(0x201C, 28, 3, |_, _, _| Ok(vec![0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x03, 0, 0])), // LE Read Supported States
    complete(0x2022, 33, 6, Core::set_data_length),
    complete(0x2023, 33, 7, |core, id, _| core.of(id, |controller| controller.suggested_length.to_vec())),
    complete(0x2024, 34, 0, |core, id, parameters| {
        let length = parameters.array()?;
        core.of(id, |controller| controller.suggested_length = length)?;
        Ok(vec![])
    }), // LE Write Suggested Default Data Length
    complete(0x202F, 35, 3, |_, _, _| Ok(LONGEST_DATA.to_vec())), // LE Read Maximum Data Length
    // There is no resolving list: hosts resolve addresses. Some hosts ask without looking.
    unannounced(0x2029, |_, _, _| Ok(vec![])),  // LE Clear Resolving List
    unannounced(0x202A, |_, _, _| Ok(vec![0])), // LE Read Resolving List Size
    unannounced(0x202E, |_, _, _| Ok(vec![])),  // LE Set Resolvable Private Address Timeout
];

/// Carries a command out and answers it; the answer comes before all that the command brought about.
pub(super) fn run(core: &mut Core, id: ControllerId, opcode: u16, parameters: &mut Parameters) {
    let mark = core.outbox_mark(id);
    let [low, high] = opcode.to_le_bytes();
    let (answer, first) = match COMMANDS.iter().find(|command| command.opcode == opcode) {
        Some(command) => ((command.run)(core, id, parameters), &command.first),
        None => (Err(Status::UNKNOWN_COMMAND), &First::Complete),
    };
    let (result, returned) = match answer {
        Ok(returned) => (Status::OK, returned),
        Err(status) => (status, vec![]),
    };
    match first {
        First::Complete => {
            core.say_before(id, mark, event::COMMAND_COMPLETE, &[&[1, low, high, result.0], &returned]);
        }
        First::Status => core.say_before(id, mark, event::COMMAND_STATUS, &[&[result.0, 1, low, high]]),
    }
}

fn supported() -> [u8; 64] {
    let mut bits = [0_u8; 64];
    for (byte, bit) in COMMANDS.iter().filter_map(|command| command.announced) {
        bits[byte] |= 1 << bit;
    }
    bits
}
