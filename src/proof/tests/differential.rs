//! Against another implementation of the same formats: tlog_tiles and signed_note.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::{cell::RefCell, collections::HashMap};

use proof::{
    Error, Hash,
    checkpoint::Checkpoint,
    merkle,
    note::{Note, Role, Signer, VerifierKey},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use signed_note::{Note as TheirNote, StandardSigner, StandardVerifier, Verifier as _, VerifierList};
use tlog_tiles::{
    Hash as Theirs, HashReader, check_record, check_tree, prove_record, prove_tree, split_stored_hash_index,
    tree_hash,
};

/// A tree of any size, of which few entries differ: each subtree's hash can be computed.
#[derive(Debug)]
struct Tree {
    /// The hash of a full subtree without any of them, by level.
    plain: Vec<Hash>,
    /// Where the others are, in order.
    special: Vec<u64>,
    /// What was asked for before.
    known: RefCell<HashMap<(u8, u64), Hash>>,
}

impl Tree {
    fn new(mut special: Vec<u64>) -> Self {
        special.sort_unstable();
        let mut plain = vec![merkle::leaf_hash(b"plain")];
        for level in 0..62 {
            plain.push(merkle::node_hash(&plain[level], &plain[level]));
        }
        Self { plain, special, known: RefCell::default() }
    }

    fn node(&self, level: u8, index: u64) -> Hash {
        let (from, to) = (index << level, (index + 1) << level);
        let first = self.special.partition_point(|at| *at < from);
        if self.special.get(first).is_none_or(|at| *at >= to) {
            self.plain[usize::from(level)]
        } else if level == 0 {
            merkle::leaf_hash(&from.to_be_bytes())
        } else {
            let known = self.known.borrow().get(&(level, index)).copied();
            known.unwrap_or_else(|| {
                let hash =
                    merkle::node_hash(&self.node(level - 1, index * 2), &self.node(level - 1, index * 2 + 1));
                self.known.borrow_mut().insert((level, index), hash);
                hash
            })
        }
    }

    fn root(&self, size: u64) -> Hash {
        merkle::root(size, |level, index| Ok::<_, ()>(self.node(level, index))).unwrap()
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        merkle::inclusion(index, size, |level, index| Ok::<_, ()>(self.node(level, index))).unwrap()
    }

    fn consistency(&self, old: u64, size: u64) -> Vec<Hash> {
        merkle::consistency(old, size, |level, index| Ok::<_, ()>(self.node(level, index))).unwrap()
    }
}

impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Theirs>, tlog_tiles::Error> {
        let read = |index: &u64| {
            let (level, n) = split_stored_hash_index(*index);
            Theirs(self.node(level, n))
        };
        Ok(indexes.iter().map(read).collect())
    }
}

fn theirs(path: &[Hash]) -> Vec<Theirs> {
    path.iter().map(|hash| Theirs(*hash)).collect()
}

fn bytes(path: &[Theirs]) -> Vec<Hash> {
    path.iter().map(|hash| hash.0).collect()
}

/// Both verdicts on an inclusion.
fn included(tree: &Tree, size: u64, index: u64, leaf: Hash, path: &[Hash]) -> (bool, bool) {
    let root = tree.root(size);
    (
        merkle::verify_inclusion(leaf, index, size, path, &root).is_ok(),
        check_record(&theirs(path), size, Theirs(root), index, Theirs(leaf)).is_ok(),
    )
}

/// Both verdicts on a consistency.
fn consistent(old: (u64, Hash), new: (u64, Hash), path: &[Hash]) -> (bool, bool) {
    (
        merkle::verify_consistency(old.0, &old.1, new.0, &new.1, path).is_ok(),
        check_tree(&theirs(path), new.0, Theirs(new.1), old.0, Theirs(old.1)).is_ok(),
    )
}

#[test]
fn every_entry_of_every_tree_up_to_256() {
    let tree = Tree::new((0..256).collect());
    assert_eq!(tree.root(0), tree_hash(0, &tree).unwrap().0);
    for size in 1..=256 {
        assert_eq!(tree.root(size), tree_hash(size, &tree).unwrap().0);
        for index in 0..size {
            let path = tree.inclusion(index, size);
            assert_eq!(path, bytes(&prove_record(size, index, &tree).unwrap()));
            assert_eq!(included(&tree, size, index, tree.node(0, index), &path), (true, true));
        }
    }
}

#[test]
fn every_two_trees_up_to_256() {
    let tree = Tree::new((0..256).collect());
    let roots: Vec<Hash> = (0..=256).map(|size| tree.root(size)).collect();
    for size in 0..=256_u64 {
        assert_eq!(merkle::verify_consistency(0, &roots[0], size, &roots[size as usize], &[]), Ok(()));
        for old in 1..=size {
            let path = tree.consistency(old, size);
            assert_eq!(path, bytes(&prove_tree(size, old, &tree).unwrap()), "{old} {size}");
            let (before, after) = ((old, roots[old as usize]), (size, roots[size as usize]));
            assert_eq!(consistent(before, after, &path), (true, true), "{old} {size}");
        }
    }
}

/// A proof that was changed in some way, so that both must say the same of it.
fn changed(path: &[Hash], how: u8, at: Index, other: Hash) -> Vec<Hash> {
    let mut path = path.to_vec();
    let place = at.index(path.len() + 1);
    match how {
        0 => path.insert(place, other),
        _ if place == path.len() => drop(path.pop()),
        1 => drop(path.remove(place)),
        2 => path[place][3] ^= 16,
        3 => path.swap(place, 0),
        4 => path.reverse(),
        _ => path.truncate(place),
    }
    path
}

prop_compose! {
    /// A size up to 2^40, often near a power of two, an entry and a smaller size in it, and a tree
    /// that differs in many places, around both too.
    fn any_tree()(
        bits in 0_u32..=40,
        low in 0_u64..1 << 40,
        near in -3_i64..4,
        round in any::<bool>(),
        a in any::<Index>(),
        b in any::<Index>(),
        mut special in vec(0_u64..1 << 40, 0..12),
    ) -> (Tree, u64, u64, u64) {
        let power = 1_u64 << bits;
        let size = if round { power.saturating_add_signed(near) } else { power + low % power };
        let size = size.clamp(1, 1 << 40);
        let within = |at: Index| at.index(usize::try_from(size).unwrap()) as u64;
        let (index, old) = (within(a), within(b) + 1);
        for place in [0, index, old, size] {
            special.extend([place.saturating_sub(1), place, place + 1]);
        }
        (Tree::new(special), size, index, old)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn random_trees_up_to_two_to_the_forty((tree, size, index, old) in any_tree()) {
        let root = tree.root(size);
        prop_assert_eq!(root, tree_hash(size, &tree).unwrap().0);
        let path = tree.inclusion(index, size);
        prop_assert_eq!(&path, &bytes(&prove_record(size, index, &tree).unwrap()));
        prop_assert_eq!(included(&tree, size, index, tree.node(0, index), &path), (true, true));
        let path = tree.consistency(old, size);
        prop_assert_eq!(&path, &bytes(&prove_tree(size, old, &tree).unwrap()));
        prop_assert_eq!(consistent((old, tree.root(old)), (size, root), &path), (true, true));
    }

    #[test]
    fn a_changed_proof_is_judged_alike(
        (tree, size, index, old) in any_tree(),
        how in 0_u8..6,
        at in any::<Index>(),
        other in any::<Hash>(),
        beside in 0_u64..4,
    ) {
        let leaf = tree.node(0, index);
        let path = changed(&tree.inclusion(index, size), how, at, other);
        let (ours, their) = included(&tree, size, index, leaf, &path);
        prop_assert_eq!(ours, their);
        // The right path for the place beside it.
        let beside_it = (index + beside).min(size - 1);
        let (ours, their) = included(&tree, size, beside_it, leaf, &tree.inclusion(index, size));
        prop_assert_eq!(ours, their);
        let path = changed(&tree.consistency(old, size), how, at, other);
        let roots = ((old, tree.root(old)), (size, tree.root(size)));
        let (ours, their) = consistent(roots.0, roots.1, &path);
        prop_assert_eq!(ours, their);
        // The right path for another size before.
        let smaller = old.saturating_sub(beside).max(1);
        let (ours, their) = consistent((smaller, roots.0.1), roots.1, &tree.consistency(old, size));
        prop_assert_eq!(ours, their);
    }

    #[test]
    fn a_note_signed_by_one_is_verified_by_the_other(
        seed in any::<[u8; 32]>(),
        name in "[a-z0-9./é—-]{1,30}",
        text in "[ -~é\n]{0,200}",
    ) {
        let text = text + "\n";
        let ours = Signer::new(&name, Role::Log, &seed).unwrap();
        let key = ours.key().text();
        let (_, rest) = key.split_once('+').unwrap();
        let id = &rest[..8];
        let secret = proof::base64::encode(&[&[1], &seed[..]].concat());
        let their = StandardSigner::new(&format!("PRIVATE+KEY+{name}+{id}+{secret}")).unwrap();
        let verifier = StandardVerifier::new(&key).unwrap();
        prop_assert_eq!(verifier.key_id(), u32::from_str_radix(id, 16).unwrap());

        let note = format!("{text}\n{}", ours.line(&text, 0));
        let known = VerifierList::new(vec![Box::new(verifier)]);
        let read = TheirNote::from_bytes(note.as_bytes()).unwrap();
        prop_assert_eq!(read.verify(&known).unwrap().0.len(), 1);
        prop_assert_eq!(read.text(), text.as_bytes());

        let mut signed = TheirNote::new(text.as_bytes(), &[]).unwrap();
        signed.add_sigs(&[&their]).unwrap();
        let signed = String::from_utf8(signed.to_bytes()).unwrap();
        prop_assert_eq!(&signed, &note);
        let key = VerifierKey::parse(&key).unwrap();
        let read = Note::parse(&signed).unwrap();
        prop_assert_eq!((read.text, read.signed_by(&key)), (text.as_str(), Ok(true)));
        let other = Signer::new(&name, Role::Log, &[9; 32]).unwrap();
        prop_assert_eq!(read.signed_by(other.key()), Ok(false));
    }

    #[test]
    fn a_cosignature_is_over_the_message_of_the_specification(seed in any::<[u8; 32]>(), time in 0..=u64::MAX >> 1) {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let signer = Signer::new("w1.example", Role::Witness, &seed).unwrap();
        let line = signer.line(text, time);
        let bytes = proof::base64::decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap();
        prop_assert_eq!(bytes.len(), 4 + 8 + 64);
        prop_assert_eq!(&bytes[4..12], &time.to_be_bytes());
        // Their Ed25519 over the message, spelled out.
        let same = Signer::new("w1.example", Role::Log, &seed).unwrap();
        let verifier = StandardVerifier::new(&same.key().text()).unwrap();
        let message = format!("cosignature/v1\ntime {time}\n{text}");
        prop_assert!(verifier.verify(message.as_bytes(), &bytes[12..]));
        let note = format!("{text}\n{line}");
        prop_assert_eq!(Note::parse(&note).unwrap().cosigned_by(signer.key()), Ok(Some(time)));
    }

    #[test]
    fn a_note_is_read_alike(note in "(a|—| |\n|\n\n|— k.example qrvM3e4=\n|— x AAAA\n|= |[é+\t/A=]|\\PC){0,14}") {
        let their = TheirNote::from_bytes(note.as_bytes());
        let ours = Note::parse(&note);
        prop_assert_eq!(ours.is_ok(), their.is_ok(), "{:?}", note);
        if let (Ok(ours), Ok(their)) = (ours, their) {
            prop_assert_eq!(ours.text.as_bytes(), their.text());
        }
    }

    #[test]
    fn a_checkpoint_is_read_alike(
        origin in "[a-z.]{0,5}",
        size in "0|00|[0-9]{1,21}|-1|\\+3",
        root in "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA[A-D]=|AAAA|",
        more in "(|x\n|\n|x)",
    ) {
        let text = format!("{origin}\n{size}\n{root}\n{more}");
        let their = tlog_tiles::Checkpoint::from_bytes(text.as_bytes());
        let ours = Checkpoint::parse(&text);
        if let Ok(ours) = ours {
            let their = their.unwrap();
            prop_assert_eq!((ours.origin, ours.size, ours.root), (their.origin(), their.size(), their.hash().0));
            prop_assert_eq!(ours.text() + &more, text);
        } else {
            prop_assert_eq!(ours, Err(Error::NotCheckpoint));
            prop_assert!(their.is_err(), "{:?}", text);
        }
    }
}
