//! Places where a test stops the binary to kill it. Compiled to nothing without the feature
//! `faults`, which no shipped build has.

/// Stops for ever at `name` if the environment's `FMN_STOP_AT` says so, after writing the file that
/// `FMN_STOPPED` names, so that whoever waits knows.
#[cfg(feature = "faults")]
pub fn point(name: &str) {
    if std::env::var("FMN_STOP_AT").is_ok_and(|at| at == name) {
        if let Ok(path) = std::env::var("FMN_STOPPED") {
            let _ = std::fs::write(path, name);
        }
        loop {
            std::thread::park();
        }
    }
}

/// Nothing.
#[cfg(not(feature = "faults"))]
pub const fn point(_name: &str) {}
