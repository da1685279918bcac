//! The binary `forget-me-not`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::cli::main()
}
