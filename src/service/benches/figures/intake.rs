//! Import of a folder of real files.

pub async fn run(_files: usize) {}
