//! Places, in whole microdegrees: no floating point in the page, and no rounding on the way.

use serde::{Deserialize, Serialize};

/// Where something was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    /// Latitude in millionths of a degree, −90,000,000 to 90,000,000, north positive.
    pub latitude_udeg: i32,
    /// Longitude in millionths of a degree, −180,000,000 to 180,000,000, east positive.
    pub longitude_udeg: i32,
    /// Radius in metres within which the device was, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<u32>,
}

impl Place {
    /// A place on the globe, or none where the numbers lie outside it.
    #[must_use]
    pub fn new(latitude_udeg: i32, longitude_udeg: i32, accuracy_m: Option<u32>) -> Option<Self> {
        let on_globe =
            latitude_udeg.unsigned_abs() <= 90_000_000 && longitude_udeg.unsigned_abs() <= 180_000_000;
        on_globe.then_some(Self { latitude_udeg, longitude_udeg, accuracy_m })
    }

    /// Whether it is personal data: everything is, unless it can be linked to nobody AND has fewer
    /// than three decimals (Alexa order).
    #[must_use]
    pub const fn is_personal(self, linked: bool) -> bool {
        const TWO_DECIMALS: i32 = 10_000;
        let coarse = self.latitude_udeg % TWO_DECIMALS == 0 && self.longitude_udeg % TWO_DECIMALS == 0;
        linked || !coarse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_vectors() {
        let place = |lat, lon| Place::new(lat, lon, None).unwrap();
        assert!(!place(47_610_000, -122_330_000).is_personal(false));
        assert!(place(47_610_000, -122_330_000).is_personal(true));
        assert!(place(47_606_000, -122_332_000).is_personal(false));
        assert!(place(47_606_200, -122_332_100).is_personal(true));
    }

    #[test]
    fn a_place_lies_on_the_globe() {
        assert!(Place::new(90_000_000, -180_000_000, None).is_some());
        assert!(Place::new(90_000_001, 0, None).is_none());
        assert!(Place::new(0, i32::MIN, None).is_none());
    }
}
