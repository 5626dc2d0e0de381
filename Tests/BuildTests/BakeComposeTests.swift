import Diagnostics
import OCI
import Testing

@testable import Build

/// Compose files that are baked.
@Suite struct BakeComposeTests {
    @Test func `services of a compose file that have a build are targets`() throws {
        let text = """
            x-common: &common
              args: { A: "${A:-usual}", B: "$$x" }
            services:
              web.ui:
                image: web:${TAG?set it}
                build:
                  <<: *common
                  context: ./web
                  dockerfile_inline: |
                    FROM base
                    RUN echo ${TAG}
                  additional_contexts: [ "base=service:base", other=./o ]
                  secrets: [token, {source: file, target: f}]
                  ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}
                  extra_hosts: ["a=1.2.3.4"]
                  labels: ["x.y=z", w]
                  ssh: [default]
                  shm_size: 64m
                  no_cache: true
                  provenance: mode=max
                  x-bake: { output: ["type=docker"], no-cache-filter: [s] }
                platform: linux/arm64
              base: { build: ./base, image: "b:1" }
              more:
                extends: { service: base }
                build: { target: t, tags: ["m:1"] }
              database: { image: postgres }
            secrets:
              token: { environment: TOKEN }
              file: { file: ./f }
            """
        let file = try BakeFile(
            [.init(name: "compose.yaml", text: Array(text.utf8))], environment: ["TAG": "7"])
        let plan = try BakePlan(file, names: [], overrides: [], environment: [:])
        #expect(plan.targets.map(\.name) == ["base", "web_ui", "more"])
        #expect(
            try plan.targets[1].arguments(inlineFile: "F", contexts: ["base": "docker-image://i"])
                == [
                    "--build-arg=A=usual", "--build-arg=B=$x", "--attest=type=provenance,mode=max",
                    "--build-context=base=docker-image://i", "--build-context=other=./o",
                    "--add-host=a=1.2.3.4", "--label=x.y=z", "--label=w", "--no-cache=true",
                    "--no-cache-filter=s", "--output=type=docker", "--platform=linux/arm64",
                    "--secret=id=token,env=TOKEN", "--secret=id=f,src=./f", "--shm-size=64m",
                    "--ssh=default", "--tag=web:7", "--ulimit=nofile=1:2", "--ulimit=nproc=3:3",
                    "--file=F", "--", "./web",
                ])
        #expect(plan.targets[1].inlineDockerfile == "FROM base\nRUN echo 7\n")
        #expect(
            try plan.targets[2].arguments(inlineFile: nil, contexts: [:])
                == ["--tag=m:1", "--target=t", "--", "./base"])
    }

    @Test func `a service has its own image in the place of that of the one it extends`() throws {
        let text = """
            services:
              base: {image: "b:1", platform: linux/amd64, build: .}
              own: {extends: base, image: "o:1", platform: linux/arm64}
              same: {extends: {service: base}}
              named: {extends: base, image: "n:1", build: {tags: ["t:1"]}}
              numbered: {image: 7, build: .}
            """
        let file = try BakeFile(
            [.init(name: "compose.yaml", text: Array(text.utf8))], environment: [:])
        let plan = try BakePlan(file, names: [], overrides: [], environment: [:])
        let tags = plan.targets.map { $0.attributes["tags"] }
        #expect(tags == [["b:1"], ["o:1"], ["b:1"], ["t:1"], ["7"]])
        #expect(plan.targets[1].attributes["platforms"] == ["linux/arm64"])
        #expect(plan.targets[2].attributes["platforms"] == ["linux/amd64"])
    }

    @Test(arguments: [
        ("services: {a: {build: {isolation: x}}}", "no build.isolation"),
        ("services: {a: {build: {privileged: true}}}", "no build.privileged"),
        ("services: {a: {extends: {service: a}, build: .}}", "extends itself"),
        ("services: {a: {extends: {service: b, file: c}}}", "into other files"),
        ("services: {a: {extends: b}}", "no service b"),
        ("services: {a: {build: {secrets: [s]}}}", "does not define"),
        ("services: {a: {build: [x]}}", "neither a directory"),
        ("services: [a]", "its services are no mapping"),
        ("services: {a: {build: .}}\nsecrets: [s]", "its secrets are no mapping"),
        ("services: {a: {build: {args: x}}}", "build.args of a is no list"),
        ("services: {a: {build: {labels: [[x]]}}}", "has what is no text"),
        ("services: {a: {build: {extra_hosts: x}}}", "build.extra_hosts of a is no list"),
        ("services: {a: {build: {secrets: s}}}", "build.secrets of a is no list"),
        ("services: {a: {build: {provenance: [x]}}}", "build.provenance of a is no text"),
        ("include: [b.yaml]", "does not follow include"),
        ("services: {a: {build: '${X:?is missing}'}}", "X is not set: is missing"),
        ("services: {a: {build: '${X'}}", "has no end"),
        ("services: {a: {build: '${X!}'}}", "not known"),
    ])
    func `what Kade does not know of a compose file is refused`(text: String, why: String) {
        let problem = #expect(throws: Problem.self) {
            try BakeFile(
                [.init(name: "compose.yml", text: Array(text.utf8))], environment: [:])
        }
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test(arguments: [
        ("${A}$B-${C:-d}", "1-d"), ("${E-x}${E:-x}", "x"), ("${A:+y}${E:+y}${E+z}", "yz"),
        ("${N:-${M:-n}}", "n"), ("$$A $ $1 a$", "$A $ $1 a$"),
    ])
    func `variables of compose files have values`(text: String, expected: String) throws {
        let filled = try ComposeText(
            named: "x", environment: ["A": "1", "E": ""]
        ).filled(.string(text))
        #expect(filled == .string(expected))
    }
}
