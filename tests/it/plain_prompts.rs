//! The seven steps as plain prompts, on a terminal that can do nothing but lines.

mod secrets_and_signals;
mod seven_steps;
