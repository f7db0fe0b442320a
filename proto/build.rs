//! Compiles the wire without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["avow/v1/attestation.proto", "avow/v1/enrolment.proto", "avow/v1/ingest.proto"];
    for file in files {
        println!("cargo::rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["."])?;
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    std::fs::write(out.join("avow.v1.bin"), prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().build_transport(false).compile_fds(descriptors)?;
    Ok(())
}
