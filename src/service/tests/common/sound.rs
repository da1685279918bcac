//! Sound that is made here.

/// A WAV file of `samples` 8-bit samples at 8 kHz, which are `pattern` over and over.
pub fn wav(samples: u32, pattern: &[u8]) -> Vec<u8> {
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + samples).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(&[1, 0, 1, 0]);
    for rate in [8000_u32, 8000] {
        wav.extend_from_slice(&rate.to_le_bytes());
    }
    wav.extend_from_slice(&[1, 0, 8, 0]);
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&samples.to_le_bytes());
    wav.extend(pattern.iter().copied().cycle().take(samples as usize));
    wav
}
