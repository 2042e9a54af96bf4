//! Notices from outside: who is told what and when, and every channel over a real socket. One binary, so that it is linked once.
//!
//! Read next: [`support`], which every test uses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alertmanager;
mod channels;
mod config;
mod docs;
mod https;
mod mail;
mod plan;
mod support;
