//! Tests of the measurement on synthetic records.
