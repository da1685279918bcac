//! How far an import has come, on the standard error: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::IsTerminal,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::Refused;

/// How often a log hears of an import.
const EVERY: Duration = Duration::from_secs(5);

/// Shows progress, and refusals as they come.
pub struct Progress {
    shown: Shown,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines { done: AtomicU64, total: u64, last: Mutex<Instant> },
}

impl Progress {
    /// Shows nothing; the report has it all.
    #[must_use]
    pub const fn quiet() -> Self {
        Self { shown: Shown::Nothing }
    }

    /// Shows itself on the standard error, as suits it. `total` may be an estimate.
    #[must_use]
    pub fn shown(total: u64) -> Self {
        let shown = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(total);
            if let Ok(style) =
                ProgressStyle::with_template("  {bar:32} {human_pos} of {human_len}  {per_sec}  {eta} left")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            Shown::Bar(bar)
        } else {
            Shown::Lines { done: AtomicU64::new(0), total, last: Mutex::new(Instant::now()) }
        };
        Self { shown }
    }

    pub(super) fn advance(&self, count: u64) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                // A table may name more than was counted.
                let position = bar.position() + count;
                if bar.length().is_some_and(|length| length < position) {
                    bar.set_length(position);
                }
                bar.inc(count);
            }
            Shown::Lines { done, total, last } => {
                let done = done.fetch_add(count, Ordering::Relaxed) + count;
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.elapsed() >= EVERY {
                    *last = Instant::now();
                    eprintln!("  {done} of {}", (*total).max(done));
                }
            }
        }
    }

    pub(super) fn refused(&self, refused: &Refused) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.suspend(|| eprintln!("  not taken in: {refused}")),
            Shown::Lines { .. } => eprintln!("  not taken in: {refused}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
