/// Cases about stages, variables and what an image says of itself.
extension BuildCase {
    static let instructions: [BuildCase] = [
        BuildCase(
            name: "stages",
            dockerfile: """
                FROM base AS build
                RUN mkdir /out && echo built > /out/x && chown 5:6 /out/x
                FROM base AS unneeded
                RUN false
                FROM base
                COPY --from=build /out/x /x
                COPY --from=0 /out /all/
                """, peers: [.podman]),
        BuildCase(
            name: "a stage on a stage",
            dockerfile: """
                FROM base AS one
                ENV A=1
                WORKDIR /w
                FROM one AS two
                RUN echo $A > a
                FROM two
                CMD ["c"]
                """),
        BuildCase(
            name: "files of an image",
            dockerfile: "FROM scratch\nCOPY --from=base /data/file /data/sub /got/",
            peers: [.podman]),
        BuildCase(
            name: "a target",
            dockerfile: "FROM base AS one\nRUN touch /one\nFROM base AS two\nRUN false",
            arguments: ["--target", "one"]),
        BuildCase(
            name: "environment",
            dockerfile: """
                FROM base
                ENV A=1 B="two words" C='$A' D=\\$A E=${A}x
                ENV F old form of $A
                ENV G=${H:-default} I=${A:+set} J=${H} PATH=/opt:$PATH
                RUN echo "$A|$B|$C|$D|$E|$F|$G|$I|$J" > /env
                """),
        BuildCase(
            name: "arguments",
            dockerfile: """
                ARG TAG=base
                ARG GLOBAL=g
                FROM $TAG
                ARG GLOBAL
                ARG USUAL=usual
                ARG GIVEN=usual
                ARG NONE
                ENV E=$GLOBAL-$USUAL-$GIVEN-$NONE
                RUN echo "$GLOBAL|$USUAL|$GIVEN|$NONE" > /args
                """, arguments: ["--build-arg", "GIVEN=given"]),
        BuildCase(
            name: "an argument under a variable",
            dockerfile: "FROM base\nENV A=env\nARG A=arg\nRUN echo $A > /a",
            arguments: ["--build-arg", "A=given"]),
        BuildCase(
            name: "command and entrypoint",
            dockerfile: "FROM base\nENTRYPOINT [\"/bin/echo\", \"a\"]\nCMD [\"b\", \"c d\"]"),
        BuildCase(
            name: "command in the shell form", dockerfile: "FROM base\nCMD echo $HOME && true"),
        BuildCase(
            name: "entrypoint in the shell form", dockerfile: "FROM base\nENTRYPOINT exec top -b"),
        BuildCase(
            name: "the last command counts",
            dockerfile: "FROM base\nCMD one\nCMD [\"two\"]\nENTRYPOINT [\"e\"]"),
        BuildCase(
            name: "labels",
            dockerfile: "FROM base\nLABEL a=1 \"b c\"=\"d e\" f='g h'\nLABEL i \\\n j\nLABEL a=2"),
        BuildCase(
            name: "ports", dockerfile: "FROM base\nENV P=90\nEXPOSE 80 53/udp $P 100-102/tcp",
            peers: [.docker]),
        BuildCase(
            name: "volumes", dockerfile: "FROM base\nVOLUME /a /b\nVOLUME [\"/c d\"]",
            peers: [.docker]),
        BuildCase(
            name: "a user",
            dockerfile:
                "FROM base\nRUN mkdir -m 777 /u\nUSER ann\nRUN id -u > /u/id; id -g >> /u/id; "
                + "echo $HOME > /u/home\nUSER 5:6\nRUN id -u > /u/id2; id -g >> /u/id2"),
        BuildCase(
            name: "a stop signal", dockerfile: "FROM base\nSTOPSIGNAL SIGUSR1"),
        BuildCase(
            name: "another shell",
            dockerfile:
                "FROM base\nSHELL [\"/bin/sh\", \"-e\", \"-c\"]\nRUN echo $- > /flags\nCMD x",
            peers: [.docker]),
        BuildCase(
            name: "an author", dockerfile: "FROM base\nMAINTAINER Ann <ann@example.com>"),
        BuildCase(
            name: "triggers", dockerfile: "FROM base\nONBUILD RUN touch /x\nONBUILD COPY . /y",
            peers: [.docker]),
        BuildCase(
            name: "RUN in the exec form",
            dockerfile:
                "FROM base\nENV A=1\nRUN [\"/bin/sh\", \"-c\", \"echo $A $0 > /x\", \"zero\"]"),
        BuildCase(
            name: "long lines",
            dockerfile:
                "FROM base\n\n# comment\nRUN echo one > /x \\\n  # inner\n\n  && echo two >> /x "
                + "\\\n  && echo three >> /x\n"),
        BuildCase(
            name: "another escape character",
            dockerfile: "# escape=`\nFROM base\nRUN echo a > `\n /x\nENV A=b\\c", peers: [.docker]),
        BuildCase(
            name: "lower case", dockerfile: "from base\nrun touch /x\ncmd [\"y\"]"),
        BuildCase(
            name: "variables in other instructions",
            dockerfile: """
                FROM base
                ENV d=/dir f=a u=7
                WORKDIR $d
                COPY $f ${d}/copied
                USER $u
                LABEL l=$f
                VOLUME $d/v
                EXPOSE ${u}0
                """, context: "echo a > a"),
        BuildCase(
            name: "labels of the command line", dockerfile: "FROM base\nLABEL a=1 b=2",
            arguments: ["--label", "b=3", "--label", "c=4"]),
        BuildCase(
            name: "a health check",
            dockerfile: "FROM base\nHEALTHCHECK --interval=3s --retries=2 CMD [\"true\"]"),
        BuildCase(
            name: "variables of the command line",
            dockerfile: "FROM base\nENV C=2\nRUN echo $C > /v",
            arguments: ["--env", "A=a", "--unsetenv", "C"], peers: [.podman]),
        BuildCase(
            name: "a base of the command line", dockerfile: "FROM nosuch\nRUN touch /x",
            arguments: ["--from", "base"], peers: [.podman]),
    ]

    static var all: [BuildCase] { files + instructions }
}
