//! Other people's numbers: RFC 6962's, C2SP's, Go's.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use proof::{
    Error, Hash, Policy, base64,
    checkpoint::Checkpoint,
    merkle::{
        Growing, consistency, inclusion, leaf_hash, root, root_of, sha256, verify_consistency,
        verify_inclusion,
    },
    note::{Note, Role, VerifierKey},
};

fn hex(text: &str) -> Hash {
    let byte = |at: usize| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap();
    core::array::from_fn(byte)
}

/// The entries that the authors of RFC 6962 test with.
fn leaves() -> Vec<Hash> {
    let entries: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    entries.map(leaf_hash).to_vec()
}

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn node(level: u8, index: u64) -> Result<Hash, ()> {
    let width = 1 << level;
    Ok(root_of(&leaves()[index as usize * width..][..width]))
}

#[test]
fn a_tree_that_grows_is_at_any_size_the_whole_one() {
    let leaves: Vec<Hash> = (0..700_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let mut tree = Growing::default();
    for (size, leaf) in (1..).zip(&leaves) {
        tree.push(*leaf);
        assert_eq!(tree.root(), root_of(&leaves[..size]), "{size}");
    }
}

#[test]
fn roots_of_rfc_6962() {
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root_of(&leaves()[..size]), hex(expected));
        assert_eq!(root(size as u64, node), Ok(hex(expected)));
        let mut growing = Growing::default();
        leaves()[..size].iter().for_each(|leaf| growing.push(*leaf));
        assert_eq!((growing.size(), growing.root()), (size as u64, hex(expected)));
    }
    assert_eq!(
        sha256(&[b"a", b"bc"]),
        hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
}

#[test]
fn proofs_of_rfc_6962() {
    let path = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    .map(hex);
    assert_eq!(inclusion(0, 8, node), Ok(path.to_vec()));
    assert_eq!(verify_inclusion(leaves()[0], 0, 8, &path, &hex(ROOTS[8])), Ok(()));
    let path = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    .map(hex);
    assert_eq!(consistency(6, 8, node), Ok(path.to_vec()));
    assert_eq!(verify_consistency(6, &hex(ROOTS[6]), 8, &hex(ROOTS[8]), &path), Ok(()));
}

#[test]
fn a_builder_says_nothing_of_what_there_is_not() {
    assert_eq!(inclusion(8, 8, node), Ok(vec![]));
    assert_eq!(consistency(8, 7, node), Ok(vec![]));
    let broken = |_, _| Err("no tile");
    assert_eq!(
        (root(3, broken), inclusion(0, 3, broken), consistency(1, 3, broken)),
        (Err("no tile"), Err("no tile"), Err("no tile"))
    );
}

/// The example of c2sp.org/signed-note.
#[test]
fn the_note_of_the_specification() {
    let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let note = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let parsed = VerifierKey::parse(key).unwrap();
    assert_eq!((parsed.text().as_str(), parsed.name(), parsed.role()), (key, "example.com/foo", Role::Log));
    assert_eq!(Note::parse(note).unwrap().signed_by(&parsed), Ok(true));
    let other = note.replace("example message", "example Message");
    assert_eq!(Note::parse(&other).unwrap().signed_by(&parsed), Err(Error::BadSignature));
}

/// The example of golang.org/x/mod/sumdb/note.
#[test]
fn the_note_of_go() {
    let key =
        VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert_eq!(Note::parse(note).unwrap().signed_by(&key), Ok(true));
}

/// The example of c2sp.org/tlog-cosignature, whose keys it does not give.
#[test]
fn the_checkpoint_of_the_specification() {
    let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note = Note::parse(note).unwrap();
    let checkpoint = Checkpoint::parse(note.text).unwrap();
    assert_eq!((checkpoint.origin, checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.text(), note.text);
    assert!(note.names("witness.example.com/w1") && !note.names("witness.example.com/w2"));
}

/// A witness that runs, as transparency-dev's tests name it.
#[test]
fn the_key_of_a_witness() {
    let text = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    let key = VerifierKey::parse(text).unwrap();
    assert_eq!((key.role(), key.text().as_str()), (Role::Witness, text));
}

#[test]
fn keys_that_are_none() {
    let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    for (wrong, error) in [
        (key.replace("530d903a", "530d903b"), Error::NotKey),
        (key.replace("530d903a", "530D903A"), Error::NotKey),
        (key.replace("foo", "fou"), Error::NotKey),
        (key.replace('+', " "), Error::NotKey),
        (key[..key.len() - 4].to_owned(), Error::NotKey),
        (key.replace("AekyeRr", "BukyeRr"), Error::KeyKind),
        (String::from("++"), Error::NotKey),
    ] {
        assert_eq!(VerifierKey::parse(&wrong), Err(error), "{wrong}");
    }
    // Points of small order, for which anything is signed.
    for point in [[0; 32], core::array::from_fn(|n| u8::from(n == 0))] {
        assert_eq!(VerifierKey::new("x", Role::Log, &point), Err(Error::NotKey));
    }
}

#[test]
fn base64_has_one_form() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64::encode(bytes.as_bytes()), text);
        assert_eq!(base64::decode(text).as_deref(), Some(bytes.as_bytes()));
    }
    for wrong in [
        "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "=", "====", "Z", "Zm9-", "Zm9_", "Zg==Zg==", " Zg==",
        "Zg==\n", "Zé==",
    ] {
        assert_eq!(base64::decode(wrong), None, "{wrong}");
    }
}

/// The shape of the example in c2sp.org/tlog-policy, with keys made from numbers.
#[test]
fn the_policy_of_the_specification() {
    let key = |name: &str, role, n: u8| proof::note::Signer::new(name, role, &[n; 32]).unwrap().key().text();
    let mut text = format!("log {} https://log.example/\n\n", key("log.example", Role::Log, 1));
    for (n, name) in (10..).zip(["X1", "X2", "X3", "Y1", "Y2", "Y3"]) {
        text += &format!("\twitness  {name}\t{}\n", key(&format!("{name}.example"), Role::Witness, n));
    }
    text += "  # two of these\ngroup X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";
    let policy = Policy::parse(&text).unwrap();
    assert_eq!((policy.logs.len(), policy.witnesses.len(), policy.asks_for_witnesses()), (1, 6, true));
    for set in 0_u8..64 {
        let seen: Vec<bool> = (0..6).map(|n| set >> n & 1 == 1).collect();
        let (x, y) = ((set & 7).count_ones(), (set >> 3).count_ones());
        assert_eq!(policy.is_met(&seen), x >= 2 && y >= 1, "{set:b}");
    }
    assert!(!policy.is_met(&[]));

    let lines = text.matches('\n').count() as u64;
    for (from, to, line) in [
        ("quorum X-and-Y\n", "quorum nobody\n", lines),
        ("quorum X-and-Y\n", "quorum X1\nquorum X1\n", lines + 1),
        ("quorum X-and-Y\n", "quorum X-and-Y", lines),
        ("quorum X-and-Y\n", "", 0),
        ("2 X1 X2 X3", "4 X1 X2 X3", lines - 3),
        ("2 X1 X2 X3", "0 X1 X2 X3", lines - 3),
        ("2 X1 X2 X3", "02 X1 X2 X3", lines - 3),
        ("2 X1 X2 X3", "2 X1 X2 X2", lines - 3),
        ("2 X1 X2 X3", "2 X1 X2 none", lines - 3),
        ("2 X1 X2 X3", "all", lines - 3),
        ("any Y1 Y2 Y3", "any Y1 Y2 X3", lines - 2),
        ("any Y1 Y2 Y3", "any Y1 Y2 X-and-Y", lines - 2),
        ("group Y-witnesses", "group X1", lines - 2),
        ("group Y-witnesses", "group none", lines - 2),
        ("group Y-witnesses", "grouq Y-witnesses", lines - 2),
        ("  # two", "  #\u{1} two", lines - 4),
        ("  # two", "  #\u{7f} two", lines - 4),
    ] {
        let wrong = text.replace(from, to);
        assert_ne!(wrong, text);
        assert_eq!(Policy::parse(&wrong).err(), Some(Error::NotPolicy(line)), "{to}");
    }
    // One key is one witness, whatever its name; and a log's key is not a witness's.
    let again =
        text.replace("  # two", &format!("witness Z {}\n  # two", key("z.example", Role::Witness, 10)));
    assert_eq!(Policy::parse(&again).err(), Some(Error::NotPolicy(lines - 4)));
    let again = text.replace("  # two", &format!("log {}\n  # two", key("z.example", Role::Log, 1)));
    assert_eq!(Policy::parse(&again).err(), Some(Error::NotPolicy(lines - 4)));
    let wrong = text.replace("  # two", &format!("log {}\n  # two", key("z.example", Role::Witness, 30)));
    assert_eq!(Policy::parse(&wrong).err(), Some(Error::NotPolicy(lines - 4)));
    assert!(Policy::parse("quorum none\n").unwrap().is_met(&[]));
}

#[test]
fn a_proof_that_is_too_short_or_for_nothing() {
    let whole = hex(ROOTS[8]);
    // The root itself, given as if it were an entry.
    assert_eq!(verify_inclusion(whole, 0, 8, &[], &whole), Err(Error::NotIncluded));
    assert_eq!(verify_inclusion(whole, 0, 1, &[], &whole), Ok(()));
    assert_eq!(verify_inclusion(whole, 0, 0, &[], &whole), Err(Error::BeyondTree));
    let empty = hex(ROOTS[0]);
    assert_eq!(verify_consistency(0, &empty, 8, &whole, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &whole, 8, &whole, &[]), Err(Error::NotConsistent));
    assert_eq!(verify_consistency(0, &empty, 8, &whole, &[empty]), Err(Error::NotConsistent));
    assert_eq!(verify_consistency(8, &whole, 6, &hex(ROOTS[6]), &[]), Err(Error::Rollback));
    for old in 1..8 {
        assert_eq!(
            verify_consistency(old, &hex(ROOTS[old as usize]), 8, &whole, &[]),
            Err(Error::NotConsistent)
        );
    }
}

#[test]
fn notes_that_are_none() {
    let good = "text\n\n— x AAAAAAA=\n";
    assert!(Note::parse(good).is_ok());
    for wrong in [
        "text\n\n— x+y AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— x\u{a0}y AAAAAAA=\n",
        "text\n\n— x AAAAAA==\n",
        "te\txt\n\n— x AAAAAAA=\n",
        "te\0xt\n\n— x AAAAAAA=\n",
        "te\r\nxt\n\n— x AAAAAAA=\n",
        "text\n\n— x AAAAAAA=",
        "text\n— x AAAAAAA=\n",
        "text\n\n- x AAAAAAA=\n",
        "text\n\n",
    ] {
        assert_eq!(Note::parse(wrong).err(), Some(Error::NotNote), "{wrong:?}");
    }
    // An empty line belongs to the text; the last one ends it.
    assert_eq!(Note::parse("a\n\nb\n\n— x AAAAAAA=\n").unwrap().text, "a\n\nb\n");
    for more in ["\n", "x\n\n", "x"] {
        let text = format!("origin\n1\n{}\n{more}", base64::encode(&[0; 32]));
        assert_eq!(Checkpoint::parse(&text), Err(Error::NotCheckpoint), "{more:?}");
    }
}

#[test]
fn a_policy_that_is_too_long() {
    let lines = |n: usize| format!("{}quorum none\n", "#\n".repeat(n - 1));
    assert!(Policy::parse(&lines(1024)).is_ok());
    assert_eq!(Policy::parse(&lines(1025)).err(), Some(Error::NotPolicy(1025)));
}
