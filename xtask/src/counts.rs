//! How many tests a runner says it ran.

/// How many tests there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Those that passed.
    pub passed: u64,
    /// Those that failed, or did not end.
    pub failed: u64,
}

/// Adds up what cargo's, nextest's, wasm-bindgen's and Node's runners say at their end.
pub fn counts_in(output: &str) -> Counts {
    let lines: Vec<_> = output.lines().map(without_colours).collect();
    // nextest: `Summary [ 1.2s] 4 tests run: 3 passed (1 slow), 1 failed, …`. It
    // shows a failed test's own words, which are libtest's: those do not count.
    let nextest: Vec<_> = lines
        .iter()
        .filter(|line| line.trim_start().starts_with("Summary ["))
        .filter_map(|line| line.split_once("run: "))
        .map(|(_, summary)| summary)
        .collect();
    // libtest and wasm-bindgen: `test result: ok. 3 passed; 0 failed; …`
    let libtest = lines.iter().filter_map(|line| line.strip_prefix("test result: "));
    // Node's, as TAP: `# pass 3` at the left edge, of the whole run.
    let tap = |word: &str| -> u64 {
        lines.iter().filter_map(|line| line.strip_prefix(word)?.trim().parse::<u64>().ok()).sum()
    };
    let summaries = if nextest.is_empty() { libtest.collect() } else { nextest };

    let mut counts =
        Counts { passed: tap("# pass "), failed: tap("# fail ") + tap("# cancelled ") + tap("# skipped ") };
    for summary in summaries {
        counts.passed += number_before(summary, "passed");
        for word in ["failed", "timed out", "exec failed"] {
            counts.failed += number_before(summary, word);
        }
    }
    counts
}

/// The number in front of a word, as in `3 passed`.
fn number_before(text: &str, word: &str) -> u64 {
    text.split([',', ';', '.'])
        .filter_map(|part| part.trim().split_once(' '))
        .filter(|(_, rest)| *rest == word || rest.starts_with(&format!("{word} (")))
        .filter_map(|(number, _)| number.parse::<u64>().ok())
        .sum()
}

fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // `ESC [ … m`: everything up to the letter that ends it.
            letters.by_ref().skip(1).find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_in_every_runners_words() {
        let counts = |passed, failed| Counts { passed, failed };
        assert_eq!(
            counts_in(
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s"
            ),
            counts(5, 0)
        );
        assert_eq!(
            counts_in(
                "test result: FAILED. 5 passed; 2 failed; 0 ignored\ntest result: ok. 1 passed; 0 failed;"
            ),
            counts(6, 2)
        );
        assert_eq!(counts_in("     Summary [   0.005s] 12 tests run: 12 passed, 0 skipped"), counts(12, 0));
        assert_eq!(
            counts_in(
                "     Summary [  61.005s] 4 tests run: 2 passed (1 slow), 1 failed, 1 timed out, 0 skipped"
            ),
            counts(2, 2)
        );
        assert_eq!(counts_in("     Summary [   0.000s] 1 test run: 1 passed, 0 skipped"), counts(1, 0));
        assert_eq!(
            counts_in("ok 1 - a host\n1..2\n# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 0\n"),
            counts(2, 2)
        );
        assert_eq!(
            counts_in(
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.005s] \u{1b}[1m3\u{1b}[0m tests run: \u{1b}[1m3\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped"
            ),
            counts(3, 0)
        );
    }

    #[test]
    fn a_test_that_prints_about_passing_is_not_counted() {
        assert_eq!(counts_in("my log: 5 passed, 0 failed\nno tests to run!"), Counts::default());
    }
}
