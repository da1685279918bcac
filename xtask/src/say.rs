//! What the commands print about themselves.

use std::io::IsTerminal;
use std::time::Duration;

/// A heading before a group of steps.
pub fn heading(text: &str) {
    if std::io::stdout().is_terminal() {
        println!("\n\x1b[1m== {text}\x1b[0m");
    } else {
        println!("\n== {text}");
    }
}

/// One line about what happens now or has happened.
pub fn line(text: &str) {
    println!("-- {text}");
}

/// The one line that a failed command ends with.
pub fn error(text: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("\x1b[1;31merror:\x1b[0m {text}");
    } else {
        eprintln!("error: {text}");
    }
}

/// A duration as a person says it: `0.4 s`, `12 s`, `3 min 5 s`.
pub fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_naturally() {
        assert_eq!(elapsed(Duration::from_millis(420)), "0.4 s");
        assert_eq!(elapsed(Duration::from_millis(12_900)), "12 s");
        assert_eq!(elapsed(Duration::from_secs(185)), "3 min 5 s");
    }
}
