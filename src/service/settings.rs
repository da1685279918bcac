//! Every setting of every command, by flag and by environment, in one place. `--help` shows them,
//! `docs/api.md` lists them, and a test holds the two together.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueEnum};
use rules::{ChildId, contract::Permission};

use crate::session;

/// The longest undo window, in seconds: two weeks, well within the month in which a deletion must
/// be done.
const MAX_UNDO_WINDOW: i64 = 14 * 86_400;

/// What devices keep of a child: seen, heard, kept until a date, or deleted from every place a
/// copy lives.
#[derive(Debug, Parser)]
#[command(name = "forget-me-not", version, max_term_width = 100)]
pub struct Cli {
    /// The folder that holds everything: database, media, keys
    #[arg(long, global = true, value_name = "DIR", env = "FMN_DATA", default_value = "data")]
    pub data: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service: the API, the page, and the engine that erases.
    ///
    /// The vendor key opens what a vendor's own backend does (minting sessions, handing recordings in,
    /// metrics). It comes from the variable FMN_VENDOR_KEY, or from --vendor-key-file; where neither is
    /// given, the first start makes one in DIR/vendor.key, readable by this user only. It is never
    /// printed.
    ///
    /// Behind a proxy, TLS is the proxy's. One service a data folder; `import` and `session` may run
    /// beside it.
    Serve(Serve),
    /// Take a folder of recordings in: WAV, MP3, Ogg Vorbis and Opus, FLAC, M4A, MP4, WebM.
    ///
    /// With a manifest.csv or manifest.jsonl (file, captured_at, device, transcript, latitude, longitude,
    /// accuracy_m), a Mozilla Common Voice folder as it is, or a plain tree of files. What cannot be read
    /// is listed with its reason and the rest goes in. Done twice, it adds nothing.
    Import(Import),
    /// The keys without which nothing of a recording can be read
    #[command(subcommand)]
    Keys(Keys),
    /// Mint a session and print it as JSON, as POST /v1/sessions would
    Session(Session),
    /// Check a receipt on this machine: no service, no network.
    ///
    /// Prints a line for each check, and fails when one of them does.
    Verify(Verify),
    /// Look at a ledger from outside: that it only grew since the last look, by its public tiles, and that
    /// its witnesses have seen it.
    ///
    /// Remembers the checkpoint in a file, the one to begin with where there is none, and fails when the
    /// ledger is not what it was; the file then stays as it is. Run it from cron, say.
    Follow(Follow),
    /// Check that the ledger is what it should be: entries, tiles, head, checkpoint, database; that stores hold
    /// nothing that no list knows; and that each row opens with its key, and no key is there for nothing.
    ///
    /// Prints a line for each fault, and fails when there is one. `serve` may run meanwhile; it adds
    /// nothing to the ledger as long as this looks.
    Fsck,
    /// Be a witness: see that ledgers of others only grow, and sign what was seen (c2sp.org/tlog-witness).
    ///
    /// Prints the line for the policy of who runs a ledger, and the address it listens on; where others
    /// reach it otherwise, replace that one. It sees no recording and no name, only how long a ledger is
    /// and a hash over everything in it. What it has seen is in DIR: without that it must not go on, or it
    /// might sign what contradicts it.
    Witness(Witness),
    /// List the erasures that are not over: how late they are, where each store stands, what went wrong
    /// and when it is tried again.
    ///
    /// Names no child. Fails when one of them needs somebody to look: a week after it was asked for, or past
    /// the month that the law allows. `serve` may run meanwhile.
    Erasures(Erasures),
    /// Restore a data folder from a backup, and delete again what was deleted since.
    ///
    /// The folder of --data holds what is left of the lost service: deletions/ and ledger/ at least, which you keep copied
    /// elsewhere, and best keys.db, epochs/ and the keys. All that stays; the rest, and the database
    /// in any case, comes from the backup. It may be killed: done again, or with `serve`, it goes on. `serve` answers
    /// nothing but /healthz until every deletion was carried out again and verified.
    Restore(Restore),
    /// Print the OpenAPI document of the API
    Openapi,
}

/// What is done with the keys.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Keys {
    /// Wrap every live key anew and destroy the old epoch's key: copies of keys.db from before open nothing
    /// any more.
    ///
    /// May run beside the service, and may be killed: the next one takes along what it left. Keep copies of
    /// epochs/ apart from copies of keys.db, or none at all, or they undo it.
    Rotate,
}

/// How the service runs.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", env = "FMN_LISTEN", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// The built page (`cargo xtask dist`), served at /
    #[arg(long, value_name = "DIR", env = "FMN_ASSETS")]
    pub assets: Option<PathBuf>,
    /// A page's origin that may read answers; can be given several times. Origins that sessions are
    /// bound to may anyway
    #[arg(long, value_name = "ORIGIN", env = "FMN_ALLOW_ORIGIN", value_delimiter = ',', value_parser = session::normalise)]
    pub allow_origin: Vec<String>,
    /// A file with the vendor key, at least 32 characters
    #[arg(long, value_name = "FILE", env = "FMN_VENDOR_KEY_FILE")]
    pub vendor_key_file: Option<PathBuf>,
    /// The ledger's name, best an address that is yours without its scheme, like
    /// ledger.toys.example/2026; it never changes once something is published [default:
    /// forget-me-not.invalid/ and the beginning of the key's hash]
    #[arg(long, value_name = "NAME", env = "FMN_LEDGER_ORIGIN")]
    pub ledger_origin: Option<String>,
    /// The witnesses of the ledger, and how many of them must have seen a checkpoint before a receipt is
    /// handed out (c2sp.org/tlog-policy, each witness with its address). Remembered in DIR; a file with
    /// `quorum none` asks for none any more
    #[arg(long, value_name = "FILE", env = "FMN_LEDGER_POLICY")]
    pub ledger_policy: Option<PathBuf>,
    /// Where the words that are searched for are, best on a disk that no backup or snapshot takes; made anew there, and
    /// removed where they were. Remembered in DIR [default: DIR/search.db]
    #[arg(long, value_name = "FILE", env = "FMN_SEARCH_INDEX")]
    pub search_index: Option<PathBuf>,
    /// Who may be given recordings and is asked to delete them: a TOML file, docs/processors.md
    #[arg(long, value_name = "FILE", env = "FMN_PROCESSORS")]
    pub processors: Option<PathBuf>,
    /// How the log is written, to the standard error
    #[arg(long, value_name = "FORMAT", env = "FMN_LOG", default_value = "text")]
    pub log: Log,
    /// How long a deletion can be taken back, like 72h, 90m or 3d; 2m in a demo [default: 72h]
    #[arg(long, value_name = "TIME", env = "FMN_UNDO_WINDOW")]
    pub undo_window: Option<Seconds>,
    /// The largest recording that is taken in over HTTP, in MiB
    #[arg(long, value_name = "MIB", env = "FMN_MAX_UPLOAD", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_upload: u32,
    /// Show the made-up household: imported into an empty folder, signed in without a vendor, for
    /// this machine only
    #[arg(long, env = "FMN_DEMO")]
    pub demo: bool,
}

/// What is imported, and for whom.
#[derive(Debug, Args)]
pub struct Import {
    /// The child's name; made where the guardian has none of that name
    #[arg(long, value_name = "NAME")]
    pub child: String,
    /// The device's name, for files of which no manifest says it
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Your own reference for the guardian
    #[arg(long, value_name = "REF", default_value = "guardian")]
    pub guardian: String,
    /// Where the words that are searched for are, as of `serve`
    #[arg(long, value_name = "FILE", env = "FMN_SEARCH_INDEX")]
    pub search_index: Option<PathBuf>,
    /// The folder
    pub folder: PathBuf,
}

/// What is checked.
#[derive(Debug, Args)]
pub struct Verify {
    /// The receipt
    pub receipt: PathBuf,
    /// Whom to believe: the ledger's key and its witnesses, best not from the operator alone
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// The receipt of the inventory, /ledger/inventory/VERSION
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// A checkpoint that was seen before or since
    #[arg(long, value_name = "FILE", requires = "consistency")]
    pub seen: Option<PathBuf>,
    /// The proof between the two, /ledger/consistency/OLD/NEW; empty where both have one length
    #[arg(long, value_name = "FILE", requires = "seen")]
    pub consistency: Option<PathBuf>,
    /// The child's key, as `key` in the child's ledger
    #[arg(long, value_name = "FILE")]
    pub child_key: Option<PathBuf>,
    /// All entries of the child from the first, every `leaf` in the child's ledger one after the other
    #[arg(long, value_name = "FILE", requires = "child_key")]
    pub entries: Option<PathBuf>,
    /// It is the receipt of the child's entry with this number, of whatever kind
    #[arg(long, value_name = "NUMBER")]
    pub entry: Option<u64>,
    /// What a witness saw before this does not count, like 2026-11-22T04:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub not_before: Option<proof::Time>,
}

/// What is followed.
#[derive(Debug, Args)]
pub struct Follow {
    /// Where the ledger is, like https://recordings.example/ledger
    pub url: String,
    /// Whom to believe: the ledger's key and its witnesses, best not from the operator alone
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// The checkpoint that was seen last; replaced by the newest
    #[arg(long, value_name = "FILE")]
    pub seen: PathBuf,
    /// What a witness saw before this does not count, like 2026-11-22T04:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub not_before: Option<proof::Time>,
}

/// A witness.
#[derive(Debug, Args)]
pub struct Witness {
    /// The folder of its key and of what it has seen
    #[arg(long, global = true, value_name = "DIR", env = "FMN_WITNESS_STATE", default_value = "witness")]
    pub state: PathBuf,
    /// Its name, best an address that is yours without its scheme, like watch.example/w1; needed at the
    /// first start, and it never changes
    #[arg(long, global = true, value_name = "NAME", env = "FMN_WITNESS_NAME")]
    pub name: Option<String>,
    /// The key of a ledger that it follows, as the ledger's /ledger/policy has it; can be given several
    /// times
    #[arg(long = "log", value_name = "KEY")]
    pub logs: Vec<String>,
    /// A file with the ledgers that it follows, a line `log KEY` each, like the /ledger/policy of one
    #[arg(long, value_name = "FILE", env = "FMN_WITNESS_POLICY")]
    pub policy: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", env = "FMN_WITNESS_LISTEN", default_value = "127.0.0.1:8790")]
    pub listen: SocketAddr,
    /// End when the standard input does: for a process that starts it and wants it to end with itself
    #[arg(long)]
    pub until_input_ends: bool,
    /// Something else than to listen
    #[command(subcommand)]
    pub command: Option<WitnessCommand>,
}

/// What a witness can do without listening.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum WitnessCommand {
    /// Print its key, for the policy of who runs a ledger; made where there is none
    Key,
}

/// What is restored.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup: a copy of a data folder, made while no service ran on it, or by a snapshot of the whole volume
    #[arg(long, value_name = "BACKUP")]
    pub from: PathBuf,
    /// Restore although deletions/ lacks deletions or keeps that the ledger shows: what those deleted comes back, and
    /// the ledger says so to everybody
    #[arg(long)]
    pub accept_missing_deletions: bool,
    /// Where the words that are searched for are, as of `serve`
    #[arg(long, value_name = "FILE", env = "FMN_SEARCH_INDEX")]
    pub search_index: Option<PathBuf>,
}

/// What is listed of erasures.
#[derive(Debug, Clone, Copy, Args)]
pub struct Erasures {
    /// Those that are over as well
    #[arg(long)]
    pub all: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// A session to be minted.
#[derive(Debug, Args)]
pub struct Session {
    /// Your own reference for the guardian
    #[arg(long, value_name = "REF", default_value = "guardian")]
    pub guardian: String,
    /// A child the session may name; can be given several times [default: all of the guardian's]
    #[arg(long, value_name = "ID")]
    pub child: Vec<ChildId>,
    /// What it may be used for; can be given several times [default: everything]
    #[arg(long, value_name = "PERMISSION", value_parser = permission)]
    pub permission: Vec<Permission>,
    /// The origin of the page that embeds the element
    #[arg(long, value_name = "ORIGIN", default_value = "http://127.0.0.1:8787")]
    pub origin: String,
    /// Its life in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = session::MAX_TTL_SECONDS)]
    pub ttl: u32,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// A length of time, written like 72h, 90m, 3d or 30s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub i64);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write a time like 72h, 90m, 3d or 30s".to_owned();
        let unit = text.chars().next_back().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        let total = i64::from(number) * seconds;
        if total > MAX_UNDO_WINDOW {
            return Err("at most 14d: a deletion must be done within a month".to_owned());
        }
        Ok(Self(total))
    }
}

fn moment(text: &str) -> Result<proof::Time, &'static str> {
    proof::Time::parse(text).ok_or("write a time like 2026-11-22T04:00:00Z")
}

fn permission(name: &str) -> Result<Permission, String> {
    serde_json::from_value(name.into()).map_err(|_| "one of view, play, keep, erase".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [("72h", 259_200), ("2m", 120), ("0s", 0), ("14d", 1_209_600)] {
            assert_eq!(text.parse(), Ok(Seconds(seconds)));
        }
        for bad in ["", "h", "72", "-1h", "15d", "1 h", "1h30m", "9999999999s", "1日"] {
            assert!(bad.parse::<Seconds>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_setting_is_in_the_one_list() {
        let list = include_str!("../../docs/api.md");
        let cli = Cli::command();
        let arguments = cli.get_subcommands().chain([&cli]).flat_map(clap::Command::get_arguments);
        for argument in arguments {
            if let Some(long) = argument.get_long().filter(|long| !["help", "version"].contains(long)) {
                assert!(list.contains(&format!("`--{long}")), "--{long} is not in docs/api.md");
            }
            if let Some(variable) = argument.get_env().and_then(std::ffi::OsStr::to_str) {
                assert!(list.contains(&format!("`{variable}`")), "{variable} is not in docs/api.md");
            }
        }
    }
}
