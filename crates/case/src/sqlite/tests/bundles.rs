//! Export and import on a file system whose every call fails in turn: all or nothing, said plainly, and again when there is room.

use super::*;
use crate::bundle::{Bundle, Extras};

fn export(store: &SqliteStore, id: &str, out: &Path) -> Result<(), StoreError> {
    crate::bundle::write_to(store.vault.files(), store, id, Extras { case: b"{}", report: b"<p>x</p>" }, out, true)
        .map(|_| ())
}

/// Runs `act` with the n-th call failing, once or for ever, for n = 1, 2, 3 ... until it is not touched; the number of calls.
fn each_call(mut act: impl FnMut(&dyn Fn(&mut SqliteStore) -> Arc<Mutex<bool>>, &str) -> bool) -> usize {
    let mut most = 0;
    for (kind, class) in [(io::ErrorKind::StorageFull, "full"), (io::ErrorKind::Other, "storage")] {
        for for_ever in [false, true] {
            let mut n = 1;
            loop {
                let arm = |store: &mut SqliteStore| {
                    let failed = Arc::new(Mutex::new(false));
                    let left = Arc::new(AtomicUsize::new(n));
                    store.vault.set_files(Box::new(Failing { left, for_ever, kind, failed: failed.clone() }));
                    failed
                };
                if !act(&arm, class) {
                    break;
                }
                n += 1;
            }
            most = most.max(n);
        }
    }
    most
}

#[test]
fn whichever_call_fails_an_export_leaves_no_file_and_replaces_none_by_half() {
    let (dir, mut store, id) = full_case();
    let out = dir.path().join("case.zip");
    export(&store, &id, &out).unwrap();
    let good = std::fs::read(&out).unwrap();
    let calls = each_call(|arm, class| {
        let old = b"what was there before".to_vec();
        std::fs::write(&out, &old).unwrap();
        let failed = arm(&mut store);
        let tried = export(&store, &id, &out);
        let touched = *failed.lock().unwrap();
        store.vault.set_files(Box::new(Disk));
        let now = std::fs::read(&out).unwrap();
        match tried {
            Ok(()) => assert!(now == good && !touched),
            // The last call flushes the folder: the name may be the new file's by then, but never that of a half one.
            Err(error) => {
                assert_eq!((error.kind(), error.exit_code()), (class, 5), "{error}");
                assert!(now == old || now == good);
            }
        }
        let left = std::fs::read_dir(dir.path()).unwrap().flatten();
        assert!(left.into_iter().all(|e| e.path().extension().is_none_or(|e| e != "part")), "a part is left");
        export(&store, &id, &out).unwrap();
        assert!(std::fs::read(&out).unwrap() == good, "and again when there is room");
        touched
    });
    // The file, some writes for each entry and the directory, flush, name, folder.
    assert!(calls > 20, "only {calls} calls");
}

#[test]
fn whichever_call_fails_an_import_has_changed_nothing_and_is_done_again() {
    let (dir, mut store, id) = fresh();
    attach(&mut store, &id, "a.wav", b"some samples").unwrap();
    attach(&mut store, &id, "b.wav", b"other samples").unwrap();
    let bundle = dir.path().join("case.zip");
    export(&store, &id, &bundle).unwrap();
    let head = store.events(&id).unwrap().last().unwrap().hash.clone();
    let calls = each_call(|arm, class| {
        let here = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(here.path(), Access::Create).unwrap();
        let failed = arm(&mut store);
        let tried = store.import(&mut Bundle::open(&bundle).unwrap(), AT, "lin", "t");
        let touched = *failed.lock().unwrap();
        store.vault.set_files(Box::new(Disk));
        match tried {
            Ok(_) => assert!(!touched),
            Err(error) => {
                assert_eq!((error.kind(), error.exit_code()), (class, 5), "{error}");
                assert!(store.case_ids().unwrap().is_empty(), "a case was acknowledged");
                store.import(&mut Bundle::open(&bundle).unwrap(), AT, "lin", "t").unwrap();
            }
        }
        let proof = store.verify(&id).unwrap();
        assert!(proof.is_intact() && proof.evidence == 2 && proof.head == head, "{proof:?}");
        touched
    });
    assert!(calls > 20, "only {calls} calls: two files of ten");
}
