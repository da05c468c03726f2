//! Brisk: a companion daemon for Bluetooth LE step counters. The way of the data, left to right:
//!
//! ```text
//! counter ─radio─▶ driver ─readings─▶ journal ─fsync─▶ index ─▶ aggregate ─▶ goal ─▶ api · cli · export
//!                  ◀──────── acknowledge only after the fsync ──┘
//! ```

pub mod aggregate;
pub mod api;
pub mod batch;
pub mod capture;
pub mod cli;
pub mod config;
pub mod conformance;
pub mod daemon;
pub mod days;
pub mod delivery;
pub mod demo;
pub mod devices;
pub mod doctor;
pub mod export;
pub mod goal;
pub mod home_assistant;
pub mod model;
pub mod notify;
pub mod pairing;
pub mod person;
pub mod privacy;
pub mod radio;
pub mod report;
pub mod store;
pub mod supervisor;
pub mod sync;
pub mod time;
pub mod trouble;
pub mod web;
pub mod words;
