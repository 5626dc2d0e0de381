/// Cases about the files of an image: COPY, ADD, WORKDIR and RUN.
extension BuildCase {
    static let files: [BuildCase] = [
        BuildCase(
            name: "a file to a new name", dockerfile: "FROM base\nCOPY a /new/name",
            context: "echo a > a"),
        BuildCase(
            name: "a file into a directory", dockerfile: "FROM base\nCOPY a /new/",
            context: "echo a > a"),
        BuildCase(
            name: "a file to an existing directory", dockerfile: "FROM base\nCOPY a /data",
            context: "echo a > a"),
        BuildCase(
            name: "a file over a file", dockerfile: "FROM base\nCOPY a /data/file",
            context: "echo a > a; chmod 600 a"),
        BuildCase(
            name: "several files", dockerfile: "FROM base\nCOPY a b /two/",
            context: "echo a > a; echo b > b"),
        BuildCase(
            name: "what is in a directory", dockerfile: "FROM base\nCOPY d /data/",
            context: "mkdir -p d/sub; echo x > d/sub/x; echo y > d/y; chmod 750 d/sub"),
        BuildCase(
            name: "a directory to a new one", dockerfile: "FROM base\nCOPY d /n/e/w",
            context: "mkdir -p d/e; echo x > d/e/x"),
        BuildCase(
            name: "the whole context", dockerfile: "FROM base\nCOPY . /all/",
            context: "mkdir -p d; echo x > d/x; echo y > .hidden; ln -s d/x link; mkdir empty"),
        BuildCase(
            name: "wildcards", dockerfile: "FROM base\nCOPY *.txt d?/[a-b]* /w/",
            context: "echo 1 > 1.txt; echo 2 > 2.txt; echo 3 > 3.md; mkdir d1 d2 dd; "
                + "echo a > d1/a; echo b > d2/bb; echo c > d2/c"),
        BuildCase(
            name: "names with blanks", dockerfile: "FROM base\nCOPY [\"a b\", \"/c d/\"]",
            context: "echo x > 'a b'"),
        BuildCase(
            name: "a link to a file", dockerfile: "FROM base\nCOPY link /copied",
            context: "echo x > file; ln -s file link"),
        BuildCase(
            name: "links inside of a directory", dockerfile: "FROM base\nCOPY d /copied/",
            context: "mkdir d; echo x > d/file; ln -s file d/link; ln -s /etc/passwd d/absolute; "
                + "ln -s nowhere d/broken"),
        BuildCase(
            name: "through a link of the image", dockerfile: "FROM base\nCOPY a /linked/a",
            context: "echo a > a"),
        BuildCase(
            name: "a directory over a link of the image", dockerfile: "FROM base\nCOPY d/ /lib/",
            context: "mkdir d; echo a > d/a"),
        BuildCase(
            name: "owners by number",
            dockerfile: "FROM base\nCOPY --chown=5:6 d /o/\nCOPY --chown=7 a /p/q/a",
            context: "mkdir -p d/e; echo x > d/e/x; echo a > a"),
        BuildCase(
            name: "owners by name",
            dockerfile: "FROM base\nCOPY --chown=ann:staff a /one\nCOPY --chown=ann a /two",
            context: "echo a > a", peers: [.podman]),
        BuildCase(
            name: "modes", dockerfile: "FROM base\nCOPY --chmod=640 a /one",
            context: "echo a > a", peers: [.podman]),
        BuildCase(
            name: "special modes", dockerfile: "FROM base\nCOPY a b /m/",
            context: "echo a > a; chmod 700 a; echo b > b; chmod 777 b", peers: [.docker]),
        BuildCase(
            name: "relative to the working directory",
            dockerfile:
                "FROM base\nWORKDIR /w\nCOPY a .\nCOPY a ./b\nCOPY a c/\nWORKDIR d\nCOPY a ..",
            context: "echo a > a"),
        BuildCase(
            name: "working directories",
            dockerfile: "FROM base\nWORKDIR /x/y\nWORKDIR z\nRUN touch f"),
        BuildCase(
            name: "a working directory that is there",
            dockerfile: "FROM base\nWORKDIR /data\nRUN pwd > f"),
        BuildCase(
            name: "a working directory through a link",
            dockerfile: "FROM base\nWORKDIR /linked/new\nRUN pwd > f"),
        BuildCase(
            name: "an ignore file", dockerfile: "FROM base\nCOPY . /all/",
            context:
                "echo x > x; echo y > y.log; mkdir -p d/e; echo z > d/e/z.log; echo k > d/keep; "
                + "printf '*.log\\n**/*.log\\nDockerfile\\n.dockerignore\\n' > .dockerignore"),
        BuildCase(
            name: "an ignore file that takes in again", dockerfile: "FROM base\nCOPY . /all/",
            context: "mkdir -p d/e; echo 1 > d/1; echo 2 > d/2; echo 3 > d/e/3; "
                + "printf '*\\n!d/1\\n!d/e\\n' > .dockerignore"),
        BuildCase(
            name: "files that go", dockerfile: "FROM base\nRUN rm -r /data/sub && rm /data/file"),
        BuildCase(
            name: "a directory that is replaced",
            dockerfile: "FROM base\nRUN rm -r /data && mkdir /data && echo n > /data/n"),
        BuildCase(
            name: "a file that becomes a directory",
            dockerfile: "FROM base\nRUN rm /data/file && mkdir /data/file && echo n > /data/file/n"),
        BuildCase(
            name: "hard links",
            dockerfile: "FROM base\nRUN echo x > /one && ln /one /two && ln -s /one /three"),
        BuildCase(
            name: "modes and owners by RUN",
            dockerfile: "FROM base\nRUN touch /m && chmod 4711 /m && chown 3:4 /m && "
                + "mkdir -m 1777 /d && chmod 700 /data"),
        BuildCase(
            name: "a fifo", dockerfile: "FROM base\nRUN mkfifo -m 620 /fifo"),
        BuildCase(
            name: "an archive is unpacked", dockerfile: "FROM base\nADD a.tar.gz /un/",
            context: "mkdir -p d/e; echo x > d/e/x; chmod 640 d/e/x; ln -s x d/e/l; "
                + "tar --owner=5 --group=6 -czf a.tar.gz d; rm -r d"),
        BuildCase(
            name: "an archive that is copied", dockerfile: "FROM base\nCOPY a.tar /un/",
            context: "echo x > x; tar --mtime=@0 --owner=0 --group=0 -cf a.tar x"),
        BuildCase(
            name: "ADD of plain files", dockerfile: "FROM base\nADD a b.gz /un/",
            context: "echo x > a; echo not really > b.gz"),
        BuildCase(
            name: "scratch", dockerfile: "FROM scratch\nCOPY a /\nCOPY d /d/",
            context: "echo x > a; mkdir d; echo y > d/y", peers: [.podman]),
    ]
}
