//! Sizes and integrity hashes of files.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha384};

use crate::page::Flavour;
use crate::report::kilobytes;
use crate::{halves, page, verifier};

/// One file of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Its path below the page's folder.
    pub name: String,
    /// Bytes on disk.
    pub raw: u64,
    /// Bytes after brotli at quality 11, the best that a server can send.
    pub brotli: u64,
    /// Bytes after gzip -9; `None` where there is no gzip.
    pub gzip: Option<u64>,
    /// For the `integrity` attribute and option.
    pub integrity: String,
}

/// Measures every file of a folder, the manifest apart.
pub fn folder(path: &Path) -> Result<Vec<Measured>> {
    page::files(path)?
        .into_iter()
        .filter(|(name, _)| name != crate::dist::MANIFEST)
        .map(|(name, path)| {
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(Measured {
                name,
                raw: bytes.len() as u64,
                brotli: brotli(&bytes)?.len() as u64,
                gzip: gzip(&bytes).map(|small| small.len() as u64),
                integrity: integrity(&bytes),
            })
        })
        .collect()
}

/// Whether a page loads this file before its first view: everything but the
/// other languages, the second half of the module and what the service alone
/// reads.
pub fn is_first_view(name: &str) -> bool {
    let later = ["locales/", "demo/", "verifier", halves::LATER];
    name == "locales/en.json" || !later.iter().any(|start| name.starts_with(start))
}

/// What a build may cost before its first view, in bytes after brotli.
const BARS: [(Flavour, u64); 2] = [(Flavour::Plain, 110_000), (Flavour::Shipped, 95_000)];

/// The element's script, which every page of a site may load wherever the element is, and what it may cost.
const SHIM: (&str, u64) = ("forget-me-not.js", 1_000);

/// Refuses a page whose first view has become too large, or its shim.
pub fn within_bar(flavour: Flavour, files: &[Measured]) -> Result<()> {
    let first: u64 = files.iter().filter(|file| is_first_view(&file.name)).map(|file| file.brotli).sum();
    let bar = BARS.iter().find(|(of, _)| *of == flavour).map_or(0, |(_, bar)| *bar);
    if first > bar {
        bail!(
            "the first view loads {} KB after brotli, and may load {} KB in the {} build",
            kilobytes(first),
            kilobytes(bar),
            flavour.name()
        );
    }
    let (module, most) = verifier::MODULE;
    if let Some(verifier) = files.iter().find(|file| file.name == module && file.brotli > most)
        && flavour == Flavour::Shipped
    {
        bail!("{module} has {} bytes after brotli, and may have {most}", verifier.brotli);
    }
    if let Some(shim) = files.iter().find(|file| file.name == SHIM.0 && file.brotli > SHIM.1) {
        bail!("{} has {} bytes after brotli, and may have {}", shim.name, shim.brotli, SHIM.1);
    }
    Ok(())
}

/// Compressed by brotli at its best.
pub fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters).context("brotli failed")?;
    Ok(compressed)
}

/// Compressed by gzip at its best; `None` where there is no gzip.
pub fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new("gzip")
        .args(["-9", "-n", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take()?;
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(bytes));
        child.wait_with_output()
    });
    let output = output.ok().filter(|output| output.status.success())?;
    Some(output.stdout)
}

/// A subresource integrity hash, as browsers take it.
pub fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", base64(&Sha384::digest(bytes)))
}

/// Base64 of whole triples of bytes, which a SHA-384 hash (48 bytes) is.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len() / 3 * 4);
    for triple in bytes.chunks_exact(3) {
        let number = u32::from(triple[0]) << 16 | u32::from(triple[1]) << 8 | u32::from(triple[2]);
        for shift in [18, 12, 6, 0] {
            text.push(char::from(LETTERS[(number >> shift & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integrity_hash_is_what_other_tools_compute() {
        // printf 'hello' | openssl dgst -sha384 -binary | openssl base64 -A
        assert_eq!(
            integrity(b"hello"),
            "sha384-WeF0h3dEjGnea4ANejO7+5/xtGPkQ1TDVTvNucZm+pASWjx5+QOXvfX2oT3oKGhP"
        );
    }

    #[test]
    fn repetition_compresses_and_noise_does_not() {
        let same = vec![b'a'; 10_000];
        assert!(brotli(&same).expect("it compresses").len() < 100);
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(10_000)
        .collect();
        assert!(brotli(&noise).expect("it compresses").len() > 9_000);
    }

    #[test]
    fn a_page_over_its_bar_is_refused_whatever_it_loads_later() {
        let file = |name: &str, brotli| Measured {
            name: name.to_owned(),
            raw: 0,
            brotli,
            gzip: None,
            integrity: String::new(),
        };
        let page =
            [file("index.html", 5_000), file("forget_me_not_bg.wasm", 90_000), file(halves::LATER, 90_000)];
        assert!(within_bar(Flavour::Shipped, &page).is_ok());
        assert!(within_bar(Flavour::Shipped, &[&page[..], &[file("locales/en.json", 1)]].concat()).is_err());
        assert!(within_bar(Flavour::Plain, &[&page[..], &[file("page.js", 15_001)]].concat()).is_err());
        assert!(within_bar(Flavour::Shipped, &[file(SHIM.0, 1_000)]).is_ok());
        assert!(within_bar(Flavour::Shipped, &[file(SHIM.0, 1_001)]).is_err());
    }

    #[test]
    fn the_first_view_is_everything_but_what_is_fetched_when_needed() {
        for name in ["index.html", "forget_me_not_bg.wasm", "forget-me-not.css", "locales/en.json"] {
            assert!(is_first_view(name), "{name}");
        }
        for name in ["locales/de.json", "demo/clip.wav", "verifier_bg.wasm", halves::LATER] {
            assert!(!is_first_view(name), "{name}");
        }
    }
}
