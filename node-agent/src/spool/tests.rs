use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const ROOMY: u64 = 1 << 20;

fn open(directory: &Path) -> Spool {
    Spool::open(directory, ROOMY).unwrap()
}

fn push(spool: &mut Spool, envelope: &[u8]) -> u64 {
    let sequence = spool.reserve().unwrap();
    spool.push(sequence, envelope).unwrap();
    sequence
}

fn waiting(spool: &Spool) -> Vec<u64> {
    spool.sequences().collect()
}

#[test]
fn a_statement_waits_until_it_is_acknowledged_and_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mut spool = open(directory.path());
    assert_eq!([push(&mut spool, b"a"), push(&mut spool, b"b"), push(&mut spool, b"c")], [1, 2, 3]);
    spool.acknowledge(2);
    drop(spool);

    let mut spool = open(directory.path());
    assert_eq!(waiting(&spool), [1, 3]);
    assert_eq!((spool.read(1), spool.read(2), spool.read(3)), (Some(b"a".to_vec()), None, Some(b"c".to_vec())));
    spool.acknowledge(1);
    spool.acknowledge(3);
    spool.acknowledge(3);
    assert_eq!((spool.len(), spool.bytes()), (0, 0));
    drop(spool);

    // Everything acknowledged and deleted: the numbers are used up all the same.
    let mut spool = open(directory.path());
    assert_eq!(spool.reserve().unwrap(), 4);
    assert_eq!(spool.losses(), Losses::default());
}

#[test]
fn a_spool_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path());
    assert!(matches!(Spool::open(directory.path(), ROOMY), Err(SpoolError::InUse { .. })));
    drop(spool);
    open(directory.path());
}

#[test]
fn overflow_drops_the_oldest_and_counts_them() {
    let directory = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(directory.path(), 3 * BLOCK_BYTES).unwrap();
    for _ in 0..5 {
        push(&mut spool, b"small");
    }
    assert_eq!(waiting(&spool), [3, 4, 5]);
    let large = vec![b'x'; BLOCK_BYTES as usize];
    push(&mut spool, &large);
    assert_eq!((waiting(&spool), spool.losses().overflowed), (vec![5, 6], 4));
    assert_eq!(spool.read(6).unwrap(), large);

    // What can never fit drops nothing.
    let sequence = spool.reserve().unwrap();
    let error = spool.push(sequence, &vec![b'x'; 3 * BLOCK_BYTES as usize]);
    assert!(matches!(error, Err(SpoolError::TooLarge { .. })));
    assert_eq!(waiting(&spool), [5, 6]);
}

#[test]
fn an_envelope_that_no_collector_takes_is_not_queued() {
    let directory = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(directory.path(), 8 << 20).unwrap();
    let sequence = spool.reserve().unwrap();
    spool.push(sequence, &vec![0; ENVELOPE_BYTES_MAX]).unwrap();
    assert_eq!(spool.read(sequence).unwrap().len(), ENVELOPE_BYTES_MAX);
    let sequence = spool.reserve().unwrap();
    assert!(matches!(spool.push(sequence, &vec![0; ENVELOPE_BYTES_MAX + 1]), Err(SpoolError::TooLarge { .. })));
}

#[test]
fn a_refused_statement_is_kept_aside_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let mut spool = open(directory.path());
    for _ in 0..ASIDE_MAX + 3 {
        let sequence = push(&mut spool, b"x");
        spool.refuse(sequence, "unknown key");
    }
    assert!(spool.is_empty());
    assert_eq!(spool.losses().refused, ASIDE_MAX as u64 + 3);
    let refused = directory.path().join("refused");
    assert_eq!(std::fs::read_dir(&refused).unwrap().count(), 2 * ASIDE_MAX);
    let newest = format!("{:020}", ASIDE_MAX + 3);
    assert_eq!(std::fs::read_to_string(refused.join(format!("{newest}.reason"))).unwrap(), "unknown key");
    assert!(refused.join(format!("{newest}.record")).exists());
    drop(spool);
    assert!(open(directory.path()).is_empty());
}

#[test]
fn a_write_that_fails_uses_no_number_twice_and_leaves_the_spool_usable() {
    let directory = tempfile::tempdir().unwrap();
    let mut spool = open(directory.path());
    assert_eq!(push(&mut spool, b"a"), 1);

    // A directory where the file is to be written stands for a disk that takes no more.
    let break_at = |name: &str| {
        let path = directory.path().join(name).with_added_extension(state::UNFINISHED);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let broken = break_at("sequence");
    assert!(matches!(spool.reserve(), Err(SpoolError::Sequence { .. })));
    std::fs::remove_dir(broken).unwrap();
    let sequence = spool.reserve().unwrap();
    assert_eq!(sequence, 2);
    let broken = break_at(&name(sequence));
    assert!(matches!(spool.push(sequence, b"b"), Err(SpoolError::Write { .. })));
    std::fs::remove_dir(broken).unwrap();
    assert_eq!((waiting(&spool), spool.bytes()), (vec![1], BLOCK_BYTES));
    assert_eq!(push(&mut spool, b"c"), 3);

    // Failed but persisted: the record is there although the write was reported as failed.
    let sequence = spool.reserve().unwrap();
    std::fs::write(directory.path().join(name(sequence)), record::encode(sequence, b"d")).unwrap();
    drop(spool);
    let mut spool = open(directory.path());
    assert_eq!((waiting(&spool), spool.read(4)), (vec![1, 3, 4], Some(b"d".to_vec())));
    assert_eq!(push(&mut spool, b"e"), 5);
}

#[test]
fn a_lost_or_damaged_count_never_starts_again() {
    for damage in ["", "5\n", "5 sha256:00\n", "garbage"] {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = open(directory.path());
        let used = push(&mut spool, b"x");
        spool.acknowledge(used);
        drop(spool);
        std::fs::write(directory.path().join("sequence"), damage).unwrap();
        assert!(open(directory.path()).reserve().unwrap() > 1_700_000_000, "{damage:?}");
    }
    let directory = tempfile::tempdir().unwrap();
    let mut spool = open(directory.path());
    push(&mut spool, b"x");
    drop(spool);
    std::fs::remove_file(directory.path().join("sequence")).unwrap();
    assert!(open(directory.path()).reserve().unwrap() > 1_700_000_000);
}

/// What may happen to a spool between two looks at it.
#[derive(Debug, Clone)]
enum Step {
    Push(Vec<u8>),
    Acknowledge(prop::sample::Index),
    Restart,
    /// Killed after the number was stored, before the record was.
    KilledAfterReserve,
    /// Killed while the record was written.
    KilledWhileWriting(Vec<u8>),
    Flip(prop::sample::Index, prop::sample::Index),
    Truncate(prop::sample::Index, prop::sample::Index),
    /// The record's file vanishes.
    Lose(prop::sample::Index),
    /// One record's file under another's name.
    Swap(prop::sample::Index, prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    let bytes = || prop::collection::vec(any::<u8>(), 0..64);
    prop_oneof![
        6 => bytes().prop_map(Step::Push),
        2 => index().prop_map(Step::Acknowledge),
        1 => Just(Step::Restart),
        1 => Just(Step::KilledAfterReserve),
        1 => bytes().prop_map(Step::KilledWhileWriting),
        1 => (index(), index()).prop_map(|(record, bit)| Step::Flip(record, bit)),
        1 => (index(), index()).prop_map(|(record, length)| Step::Truncate(record, length)),
        1 => index().prop_map(Step::Lose),
        1 => (index(), index()).prop_map(|(a, b)| Step::Swap(a, b)),
    ]
}

/// The spool, and what it must hold.
struct Model {
    directory: tempfile::TempDir,
    spool: Option<Spool>,
    intact: BTreeMap<u64, Vec<u8>>,
    harmed: BTreeSet<u64>,
    highest: u64,
}

impl Model {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let spool = Some(open(directory.path()));
        Self { directory, spool, intact: BTreeMap::new(), harmed: BTreeSet::new(), highest: 0 }
    }

    fn spool(&mut self) -> &mut Spool {
        self.spool.as_mut().unwrap()
    }

    fn restart(&mut self) {
        self.spool = None;
        self.spool = Some(open(self.directory.path()));
    }

    fn reserve(&mut self) -> u64 {
        let sequence = self.spool().reserve().unwrap();
        assert!(sequence > self.highest, "{sequence} was used before");
        self.highest = sequence;
        sequence
    }

    fn any(&self, index: &prop::sample::Index) -> Option<u64> {
        let sequences: Vec<u64> = self.intact.keys().copied().collect();
        if sequences.is_empty() { None } else { Some(sequences[index.index(sequences.len())]) }
    }

    fn harm(&mut self, sequence: u64) -> PathBuf {
        self.intact.remove(&sequence);
        self.harmed.insert(sequence);
        self.directory.path().join(name(sequence))
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Push(envelope) => {
                let sequence = self.reserve();
                self.spool().push(sequence, &envelope).unwrap();
                self.intact.insert(sequence, envelope);
            }
            Step::Acknowledge(index) => {
                if let Some(sequence) = self.any(&index) {
                    self.spool().acknowledge(sequence);
                    self.intact.remove(&sequence);
                }
            }
            Step::Restart => self.restart(),
            Step::KilledAfterReserve => {
                self.reserve();
                self.restart();
            }
            Step::KilledWhileWriting(part) => {
                let sequence = self.reserve();
                let path = self.directory.path().join(name(sequence)).with_added_extension(state::UNFINISHED);
                std::fs::write(path, part).unwrap();
                self.restart();
            }
            Step::Flip(record, bit) => {
                if let Some(sequence) = self.any(&record) {
                    let path = self.harm(sequence);
                    let mut bytes = std::fs::read(&path).unwrap();
                    let bit = bit.index(bytes.len() * 8);
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    std::fs::write(path, bytes).unwrap();
                }
            }
            Step::Truncate(record, length) => {
                if let Some(sequence) = self.any(&record) {
                    let path = self.harm(sequence);
                    let bytes = std::fs::read(&path).unwrap();
                    std::fs::write(path, &bytes[..length.index(bytes.len())]).unwrap();
                }
            }
            Step::Lose(record) => {
                if let Some(sequence) = self.any(&record) {
                    std::fs::remove_file(self.harm(sequence)).unwrap();
                }
            }
            Step::Swap(a, b) => {
                if let (Some(a), Some(b)) = (self.any(&a), self.any(&b))
                    && a != b
                {
                    let (from, to) = (self.harm(a), self.harm(b));
                    std::fs::copy(from, to).unwrap();
                    self.harmed.remove(&a);
                    let envelope = self.spool().read(a).unwrap();
                    self.intact.insert(a, envelope);
                }
            }
        }
    }

    fn check(&mut self) {
        let (intact, harmed) = (self.intact.clone(), self.harmed.clone());
        for (sequence, envelope) in intact {
            assert_eq!(self.spool().read(sequence).as_deref(), Some(envelope.as_slice()), "{sequence}");
        }
        for sequence in harmed {
            assert_eq!(self.spool().read(sequence), None, "{sequence}");
        }
        let expect: Vec<u64> = self.intact.keys().copied().collect();
        assert_eq!(waiting(self.spool()), expect);
        let bytes: u64 = self.spool().records.values().sum();
        assert_eq!(self.spool().bytes(), bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_record_reads_back_as_it_was_written_or_not_at_all_and_no_number_comes_twice(
        steps in prop::collection::vec(step(), 1..24)
    ) {
        let mut model = Model::new();
        for step in steps {
            model.apply(step);
        }
        model.check();
        model.restart();
        model.check();
        model.reserve();
    }
}
