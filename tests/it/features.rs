//! The features that come with the project, over the documented stacks: every promise in them is kept.

use std::process::Command;

#[test]
fn every_feature_holds() {
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(["test", "--quiet", "features"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
}
