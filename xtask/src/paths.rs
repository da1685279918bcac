//! Where things are: the project, its target folder, the user's cache.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

/// The project's top folder.
pub fn root() -> Result<PathBuf> {
    // Set by `cargo run`, and right even when the checkout was moved after
    // this binary was built.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .parent()
        .map(Path::to_path_buf)
        .ok_or_else(|| anyhow!("the project's folder cannot be found from {}", manifest.display()))
}

/// Cargo's target folder: this binary lies in its `debug`, wherever a
/// configuration file or a variable has put it.
pub fn target() -> Result<PathBuf> {
    let binary = std::env::current_exe().context("cannot find this program's own path")?;
    binary
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .ok_or_else(|| anyhow!("{} is not in a target folder", binary.display()))
}

/// A folder of these commands' own below the target folder, created if need be.
pub fn scratch(name: &str) -> Result<PathBuf> {
    let folder = target()?.join("xtask").join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Where tools are kept between projects and checkouts.
pub fn tools() -> Result<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = match absolute("XDG_CACHE_HOME") {
        Some(cache) => cache,
        None => {
            let home = absolute("HOME")
                .context("HOME is not set: set it, or XDG_CACHE_HOME, to a writable folder")?;
            home.join(if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" })
        }
    };
    Ok(cache.join("forget-me-not").join("tools"))
}

/// The first executable of this name on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| {
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    })
}
