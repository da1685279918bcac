//! Whether a processor has signed something: RSA, ECDSA or Ed25519, under the key in the settings.
//!
//! OpenDSR has certificates fetched from the processor and signed by whoever browsers trust. Here the key
//! is agreed upon beforehand and pinned: nothing that is fetched has to be believed.

use anyhow::{Context, ensure};
use proof::base64;
use rustls_pki_types::{
    CertificateDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer,
    pem::{PemObject, SectionKind},
};
use webpki::{EndEntityCert, RawPublicKeyEntity, ring};

/// What a signature may be made with. The first is what OpenDSR's processors use.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] =
    &[ring::RSA_PKCS1_2048_8192_SHA256, ring::ECDSA_P256_SHA256, ring::ED25519];

/// A public key.
pub struct Key(SubjectPublicKeyInfoDer<'static>);

impl Key {
    /// Reads one in PEM: `BEGIN PUBLIC KEY`, or the certificate it stands in.
    pub fn parse(pem: &str) -> anyhow::Result<Self> {
        let (kind, der) = <(SectionKind, Vec<u8>)>::from_pem_slice(pem.as_bytes()).context("not PEM")?;
        let key = match kind {
            SectionKind::PublicKey => SubjectPublicKeyInfoDer::from(der),
            SectionKind::Certificate => {
                let certificate = CertificateDer::from(der);
                EndEntityCert::try_from(&certificate).context("not a certificate")?.subject_public_key_info()
            }
            _ => anyhow::bail!("neither a public key nor a certificate"),
        };
        let key = Self(key.into_owned());
        ensure!(key.fits().is_some(), "neither RSA nor ECDSA with P-256 nor Ed25519");
        Ok(key)
    }

    /// Whether any algorithm takes such a key at all.
    fn fits(&self) -> Option<()> {
        let entity = RawPublicKeyEntity::try_from(&self.0).ok()?;
        ALGORITHMS.iter().find_map(|algorithm| {
            let refused = entity.verify_signature(*algorithm, b"", b"").err()?;
            matches!(refused, webpki::Error::InvalidSignatureForPublicKey).then_some(())
        })
    }

    /// The signature over these bytes, if it is one.
    #[must_use]
    pub fn verified(&self, message: &[u8], signature: &str) -> Option<Vec<u8>> {
        let signature = base64::decode(signature.trim())?;
        let entity = RawPublicKeyEntity::try_from(&self.0).ok()?;
        let holds = |it: &&dyn SignatureVerificationAlgorithm| {
            entity.verify_signature(*it, message, &signature).is_ok()
        };
        ALGORITHMS.iter().any(holds).then_some(signature)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

    use super::*;

    // Made with OpenSSL 3, `openssl dgst -sha256 -sign`; the private keys are gone.
    macro_rules! openssl {
        ($name:literal) => {
            include_str!(concat!("../tests/fake/openssl/", $name))
        };
    }
    const BODY: &[u8] = include_bytes!("../tests/fake/openssl/body.json");

    #[test]
    fn what_others_sign_is_verified() {
        for (key, signature) in [
            (openssl!("rsa.pem"), openssl!("rsa.sig")),
            (openssl!("rsa-certificate.pem"), openssl!("rsa.sig")),
            (openssl!("ecdsa.pem"), openssl!("ecdsa.sig")),
        ] {
            let key = Key::parse(key).unwrap();
            assert!(key.verified(BODY, signature).is_some());
            assert!(key.verified(&BODY[1..], signature).is_none());
            assert!(key.verified(BODY, &signature[4..]).is_none());
            assert!(key.verified(BODY, "").is_none());
        }
        let rsa = Key::parse(openssl!("rsa.pem")).unwrap();
        assert!(rsa.verified(BODY, openssl!("ecdsa.sig")).is_none());
    }

    #[test]
    fn every_bit_of_a_signature_counts() {
        let key = Key::parse(openssl!("rsa.pem")).unwrap();
        let signature = base64::decode(openssl!("rsa.sig").trim()).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut forged = signature.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(key.verified(BODY, &base64::encode(&forged)).is_none(), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in ["", "no PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"] {
            assert!(Key::parse(bad).is_err(), "{bad}");
        }
        assert!(Key::parse(&openssl!("rsa.pem").replace("PUBLIC", "PRIVATE")).is_err());
    }
}
