//! Keys that make a request count once, however often it is sent.

/// A fresh key: 128 random bits. (`randomUUID` exists on secure pages only.)
///
/// A browser without randomness gives the key of zeros, and the service then refuses the second
/// request of that key: the worst that happens is that nothing is deleted, and that it says so.
pub fn key() -> String {
    let mut bits = [0_u8; 16];
    if let Some(crypto) = web_sys::window().and_then(|window| window.crypto().ok()) {
        let _ = crypto.get_random_values_with_u8_array(&mut bits);
    }
    bits.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
