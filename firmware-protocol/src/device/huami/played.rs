//! Dialogues played between the driver and a band.
