//! Recordings made by real encoders, in a folder that goes away.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    reason = "shared by several test crates, each using a part"
)]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Four seconds: silence, a soft tone, a loud tone, silence.
pub const SIGNAL: &str = "aevalsrc='(between(t,1,2)*0.4+between(t,2,3)*0.8)*sin(2*PI*440*t)':d=4:s=48000";
/// One channel on both sides, as loud as before (`-ac 2` would lower it).
pub const BOTH_SIDES: &str = "pan=stereo|c0=c0|c1=c0";
/// Pictures of the same length, as a camera would make them.
pub const PICTURES: &str = "testsrc2=duration=4:size=96x64:rate=10";

/// A folder for one test.
pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs ffmpeg; the last argument is the file to make.
pub fn ffmpeg(args: &[&str]) {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(args)
        .output()
        .expect("ffmpeg is needed: apt-get install ffmpeg");
    assert!(done.status.success(), "ffmpeg {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The signal in `folder/name`, coded as `codec` says.
pub fn sound(folder: &Path, name: &str, codec: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let mut args = vec!["-f", "lavfi", "-i", SIGNAL];
    args.extend_from_slice(codec);
    args.push(path.to_str().unwrap());
    ffmpeg(&args);
    path
}

/// Pictures with the signal in `folder/name`.
pub fn film(folder: &Path, name: &str, codec: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let mut args = vec!["-f", "lavfi", "-i", PICTURES, "-f", "lavfi", "-i", SIGNAL, "-shortest"];
    args.extend_from_slice(codec);
    args.push(path.to_str().unwrap());
    ffmpeg(&args);
    path
}

/// Every format of sound that is read: name of the file, ffmpeg's arguments, the media type.
pub const SOUNDS: &[(&str, &[&str], &str)] = &[
    ("u8.wav", &["-c:a", "pcm_u8"], "audio/wav"),
    ("s16.wav", &["-c:a", "pcm_s16le"], "audio/wav"),
    ("s24.wav", &["-c:a", "pcm_s24le"], "audio/wav"),
    ("s32.wav", &["-c:a", "pcm_s32le"], "audio/wav"),
    ("f32.wav", &["-c:a", "pcm_f32le"], "audio/wav"),
    ("8khz.wav", &["-c:a", "pcm_s16le", "-ar", "8000"], "audio/wav"),
    ("mulaw.wav", &["-c:a", "pcm_mulaw", "-ar", "8000"], "audio/wav"),
    ("alaw.wav", &["-c:a", "pcm_alaw", "-ar", "8000"], "audio/wav"),
    ("stereo.wav", &["-c:a", "pcm_s16le", "-af", BOTH_SIDES, "-ar", "44100"], "audio/wav"),
    ("cbr.mp3", &["-c:a", "libmp3lame", "-b:a", "64k"], "audio/mpeg"),
    ("vbr.mp3", &["-c:a", "libmp3lame", "-q:a", "5"], "audio/mpeg"),
    ("no-xing.mp3", &["-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0"], "audio/mpeg"),
    ("no-tag.mp3", &["-c:a", "libmp3lame", "-b:a", "64k", "-id3v2_version", "0"], "audio/mpeg"),
    ("mpeg2.mp3", &["-c:a", "libmp3lame", "-b:a", "32k", "-ar", "16000"], "audio/mpeg"),
    ("vorbis.ogg", &["-c:a", "libvorbis"], "audio/ogg; codecs=vorbis"),
    ("celt.opus", &["-c:a", "libopus", "-b:a", "64k"], "audio/ogg; codecs=opus"),
    ("silk.opus", &["-c:a", "libopus", "-b:a", "12k", "-application", "voip"], "audio/ogg; codecs=opus"),
    ("stereo.opus", &["-c:a", "libopus", "-af", BOTH_SIDES], "audio/ogg; codecs=opus"),
    ("flac.oga", &["-c:a", "flac"], "audio/ogg; codecs=flac"),
    ("plain.flac", &["-c:a", "flac", "-sample_fmt", "s16"], "audio/flac"),
    ("24bit.flac", &["-c:a", "flac", "-sample_fmt", "s32"], "audio/flac"),
    ("aac.m4a", &["-c:a", "aac"], "audio/mp4; codecs=\"mp4a.40.2\""),
    ("fast.m4a", &["-c:a", "aac", "-movflags", "+faststart"], "audio/mp4; codecs=\"mp4a.40.2\""),
    (
        "fragments.m4a",
        &["-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"],
        "audio/mp4; codecs=\"mp4a.40.2\"",
    ),
    ("alac.m4a", &["-c:a", "alac"], "audio/mp4; codecs=alac"),
    ("opus.mp4", &["-c:a", "libopus"], "audio/mp4; codecs=opus"),
    ("bare.aac", &["-c:a", "aac", "-f", "adts"], "audio/aac"),
    ("opus.webm", &["-c:a", "libopus"], "audio/webm; codecs=opus"),
    ("vorbis.webm", &["-c:a", "libvorbis"], "audio/webm; codecs=vorbis"),
    ("live.webm", &["-c:a", "libopus", "-live", "1"], "audio/webm; codecs=opus"),
];

/// Every format of video with sound that is read.
pub const FILMS: &[(&str, &[&str], &str)] = &[
    (
        "h264.mp4",
        &["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"],
        "video/mp4; codecs=\"avc1.64000a, mp4a.40.2\"",
    ),
    (
        "fragments.mp4",
        &[
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
            "-bf",
            "0",
            "-movflags",
            "+frag_keyframe+empty_moov",
        ],
        "video/mp4; codecs=\"avc1.64000a, mp4a.40.2\"",
    ),
    (
        "h265.mp4",
        &[
            "-c:v",
            "libx265",
            "-x265-params",
            "log-level=none",
            "-tag:v",
            "hvc1",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
        ],
        "video/mp4; codecs=\"hvc1.1.6.L30.90, mp4a.40.2\"",
    ),
    ("vp8.webm", &["-c:v", "libvpx", "-c:a", "libvorbis"], "video/webm; codecs=\"vp8, vorbis\""),
    ("vp9.webm", &["-c:v", "libvpx-vp9", "-c:a", "libopus"], "video/webm; codecs=\"vp9, opus\""),
    (
        "av1.webm",
        &["-c:v", "libaom-av1", "-cpu-used", "8", "-c:a", "libopus"],
        "video/webm; codecs=\"av01.0.00M.08, opus\"",
    ),
];
