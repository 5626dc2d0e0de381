"""The images that are pulled: OCI layouts, made once and kept."""
import gzip
import hashlib
import io
import json
import os
import random
import subprocess
import tarfile
import tempfile


def debian_tar():
    """The root file system of Debian's minbase variant as a tar archive."""
    with open("/etc/os-release") as file:
        release = dict(line.strip().split("=", 1) for line in file if "=" in line)
    suite = release.get("VERSION_CODENAME", "bookworm").strip('"')
    return subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", suite, "-"],
        check=True, stdout=subprocess.PIPE).stdout


def small_files_tar():
    """20,000 files of 1 to 4 KB in 200 directories."""
    chance = random.Random(1)
    words = [bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(2000)]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for folder in range(200):
            entry = tarfile.TarInfo(f"files/{folder:03}")
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
            for number in range(100):
                entry = tarfile.TarInfo(f"files/{folder:03}/{number:03}.txt")
                text = b" ".join(chance.choices(words, k=chance.randrange(125, 500)))
                entry.size, entry.mode = len(text), 0o644
                tar.addfile(entry, io.BytesIO(text))
    return out.getvalue()


IMAGES = {"debian": debian_tar, "small-files": small_files_tar}


def make_layout(path, tar):
    """Writes an OCI image layout of one gzip layer."""
    blobs = os.path.join(path, "blobs/sha256")
    os.makedirs(blobs)

    def blob(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as file:
            file.write(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": "sha256:" + digest,
                "size": len(data)}

    layer = blob(gzip.compress(tar, 6, mtime=0), "layer.v1.tar+gzip")
    config = blob(json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()]},
    }).encode(), "config.v1+json")
    kind = "manifest.v1+json"
    manifest = blob(json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image." + kind,
        "config": config, "layers": [layer]}).encode(), kind)
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "image"}
    with open(os.path.join(path, "index.json"), "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, file)
    with open(os.path.join(path, "oci-layout"), "w") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')
    print(f"  layer: {layer['size'] / 1e6:.1f} MB, {len(tar) / 1e6:.1f} MB unpacked", flush=True)


def layout(cache, name):
    """The layout of an image, made where the cache does not have it."""
    path = os.path.join(cache, name)
    if not os.path.exists(path):
        print(f"making the image {name} in {cache}", flush=True)
        os.makedirs(cache, exist_ok=True)
        partial = tempfile.mkdtemp(dir=cache)
        make_layout(partial, IMAGES[name]())
        os.rename(partial, path)
    return path
