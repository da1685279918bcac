//! The picture of loudness beside a player: one fixed number of peaks, whatever the length.

/// How many peaks a waveform has.
pub const PEAKS: usize = 256;

/// Bins while counting: more than are given out, so that halving their number leaves no visible steps.
const BINS: usize = 4 * PEAKS;

/// Collects peaks from a stream of unknown length in constant memory.
///
/// Every bin covers the same number of frames. When all bins are full, neighbours are merged and each
/// covers twice as many.
pub(super) struct PeakMeter {
    bins: Vec<f32>,
    frames_per_bin: u64,
    in_last: u64,
    frames: u64,
}

impl PeakMeter {
    pub(super) fn new() -> Self {
        Self { bins: Vec::with_capacity(BINS), frames_per_bin: 1, in_last: 0, frames: 0 }
    }

    /// How many frames (samples a channel) there have been.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Adds interleaved samples, full scale being −1 to 1.
    pub(super) fn add(&mut self, interleaved: &[f32], channels: usize) {
        for frame in interleaved.chunks_exact(channels.max(1)) {
            // `max` drops NaN, which a float WAV may hold.
            self.add_frame(frame.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs())));
        }
    }

    fn add_frame(&mut self, loudness: f32) {
        self.frames += 1;
        if self.in_last == 0 {
            if self.bins.len() == BINS {
                for n in 0..BINS / 2 {
                    self.bins[n] = self.bins[2 * n].max(self.bins[2 * n + 1]);
                }
                self.bins.truncate(BINS / 2);
                self.frames_per_bin *= 2;
            }
            self.bins.push(0.0);
        }
        if let Some(bin) = self.bins.last_mut() {
            *bin = bin.max(loudness);
        }
        self.in_last = (self.in_last + 1) % self.frames_per_bin;
    }

    /// The peaks: 0 is silence, 255 is full scale.
    pub(super) fn finish(&self) -> Box<[u8; PEAKS]> {
        let mut peaks = Box::new([0; PEAKS]);
        let bins = self.bins.len();
        if bins == 0 {
            return peaks;
        }
        for (n, peak) in peaks.iter_mut().enumerate() {
            let from = n * bins / PEAKS;
            let to = ((n + 1) * bins).div_ceil(PEAKS).max(from + 1);
            let loudest = self.bins[from..to].iter().fold(0.0, |a: f32, b| a.max(*b));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "held within 0 to 255"
            )]
            {
                *peak = (loudest.min(1.0) * 255.0).round() as u8;
            }
        }
        peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peaks_of(samples: &[f32]) -> Box<[u8; PEAKS]> {
        let mut meter = PeakMeter::new();
        meter.add(samples, 1);
        meter.finish()
    }

    #[test]
    fn a_ramp_stays_a_ramp_at_every_length() {
        for len in [1, 2, 255, 256, 257, 1000, 1024, 1025, 5000, 1_000_003] {
            let ramp: Vec<f32> = (0..len).map(|n| (n + 1) as f32 / len as f32).collect();
            let peaks = peaks_of(&ramp);
            assert!(peaks.is_sorted(), "{len}");
            assert_eq!(peaks[PEAKS - 1], 255, "{len}");
            if len >= 1000 {
                assert!(peaks[0] <= 2 && (126..=130).contains(&peaks[127]), "{len}: {peaks:?}");
            }
        }
    }

    #[test]
    fn the_memory_does_not_grow_with_the_length() {
        let mut meter = PeakMeter::new();
        let capacity = meter.bins.capacity();
        for _ in 0..1000 {
            meter.add(&[0.5; 4096], 2);
        }
        assert_eq!(meter.bins.capacity(), capacity);
        assert_eq!(meter.frames(), 1000 * 2048);
        assert!(meter.finish().iter().all(|peak| *peak == 128));
    }

    #[test]
    fn not_a_number_is_silence_and_too_loud_is_full_scale() {
        assert_eq!(peaks_of(&[f32::NAN])[0], 0);
        assert_eq!(peaks_of(&[f32::INFINITY])[0], 255);
        assert_eq!(peaks_of(&[-7.0])[0], 255);
    }

    #[test]
    fn the_loudest_channel_counts() {
        let mut meter = PeakMeter::new();
        meter.add(&[0.0, -1.0], 2);
        assert_eq!((meter.frames(), meter.finish()[0]), (1, 255));
    }
}
