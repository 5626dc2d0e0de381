/// What could stand where someone is typing, judged from the words before.
struct Completion {
    /// The word being typed, perhaps empty.
    let typed: String
    let answer: Answer
    /// Kade's own flags before the command, with their values: `--root /srv/kade`.
    let globalWords: [String]

    /// Where candidates come from.
    enum Answer: Equatable {
        case words([String])
        case names(OperandKind)
        case files
    }

    /// Judges a command line without the word `kade`; the last word is being typed.
    init(words: [String]) {
        typed = words.last ?? ""
        let before = words.dropLast()
        var rest = before
        let wanting = Self.skipFlags(&rest, GlobalFlags.flags.map(\.description))
        globalWords = Array(before[..<rest.startIndex])
        answer = wanting ?? Self.answer(before: rest, typed: typed)
    }

    private static func answer(before: ArraySlice<String>, typed: String) -> Answer {
        var rest = before
        guard let word = rest.popFirst() else {
            if typed.hasPrefix("-") { return .words(shown(GlobalFlags.flags.map(\.description))) }
            let groups = CommandTree.groups.filter { !$0.isHidden }.map(\.name)
            return .words(names(CommandTree.top) + groups.sorted())
        }
        // What is explained may be a command's words, too.
        let commands = CommandTree.top.map(\.name) + CommandTree.groups.map(\.name)
        if word == "explain", let next = rest.first, commands.contains(next) {
            return answer(before: rest, typed: typed)
        }
        if let group = CommandTree.groups.first(where: { $0.name == word }) {
            guard let second = rest.popFirst() else { return .words(names(group.entries)) }
            return answer(in: group.entries, second, rest, typed)
        }
        return answer(in: CommandTree.top, word, rest, typed)
    }

    private static func answer(
        in entries: [CommandTree.Entry], _ word: String, _ before: ArraySlice<String>,
        _ typed: String
    ) -> Answer {
        guard let command = entries.first(where: { $0.name == word })?.command.description else {
            return .words([])
        }
        if word == "completion" { return .words(CompletionScript.allCases.map(\.rawValue)) }
        var rest = before
        while true {
            if let wanting = skipFlags(&rest, command.flags) { return wanting }
            guard rest.popFirst() != nil else { break }
            // After the image or container comes a command, whose words are files or anything.
            if ["run", "create", "exec", "top"].contains(word) { return .files }
        }
        if typed.hasPrefix("--"), typed.contains("=") { return .files }
        if typed.hasPrefix("-") { return .words(shown(command.flags) + ["--help"]) }
        return command.operandKind == .files || command.operandKind == .none
            ? .files : .names(command.operandKind)
    }

    /// Steps over flags with their values; an answer when the last one still wants its value.
    private static func skipFlags(
        _ rest: inout ArraySlice<String>, _ flags: [FlagDescription]
    ) -> Answer? {
        while let word = rest.first, word.hasPrefix("-"), word != "-" {
            rest.removeFirst()
            guard !word.contains("=") else { continue }
            let flag =
                word.hasPrefix("--")
                ? flags.first { "--\($0.name)" == word }
                : flags.first { $0.letter == word.last }
            guard flag?.valueName != nil else { continue }
            guard rest.popFirst() != nil else { return .files }
        }
        return nil
    }

    private static func shown(_ flags: [FlagDescription]) -> [String] {
        flags.filter { !$0.isHidden }.map { "--\($0.name)" }.sorted()
    }

    private static func names(_ entries: [CommandTree.Entry]) -> [String] {
        entries.filter { !$0.isHidden }.map(\.name).sorted()
    }
}

/// The scripts of the shells: each asks `kade __complete` for candidates.
enum CompletionScript: String, CaseIterable {
    case bash, zsh, fish

    var text: String {
        switch self {
        case .bash:
            #"""
            # bash completion for kade
            _kade() {
                local cur words cword answer
                if declare -F _get_comp_words_by_ref >/dev/null; then
                    # Names of images have colons, at which bash would end a word.
                    _get_comp_words_by_ref -n =: cur words cword
                else
                    words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]}
                    if [ "${words[cword-1]}" = "=" ]; then
                        compopt -o default
                        return
                    fi
                fi
                answer=$(kade __complete -- "${words[@]:1:cword-1}" "$cur" 2>/dev/null)
                if [ $? -eq 2 ]; then
                    COMPREPLY=()
                    compopt -o default
                elif [ -z "$answer" ]; then
                    COMPREPLY=()
                else
                    mapfile -t COMPREPLY <<<"$answer"
                    if declare -F __ltrim_colon_completions >/dev/null; then
                        __ltrim_colon_completions "$cur"
                    fi
                fi
            }
            complete -F _kade kade

            """#
        case .zsh:
            #"""
            #compdef kade
            _kade() {
                local answer
                local -a before candidates
                before=("${(@Q)words[2,CURRENT-1]}")
                answer=$(kade __complete -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)
                if (( $? == 2 )); then
                    compset -P '--*='
                    _files
                elif [[ -n $answer ]]; then
                    candidates=("${(@f)answer}")
                    compadd -- "${candidates[@]}"
                fi
            }
            if [ "$funcstack[1]" = "_kade" ]; then _kade "$@"; else compdef _kade kade; fi

            """#
        case .fish:
            #"""
            # fish completion for kade
            function __kade_complete
                set -l words (commandline -opc)[2..-1]
                set -l typed (commandline -ct)
                set -l candidates (kade __complete -- $words "$typed" 2>/dev/null)
                if test $status -eq 2
                    set -l flag (string match -r -- '^--[^=]+=' $typed)
                    for path in (__fish_complete_path (string replace -r -- '^--[^=]+=' '' $typed))
                        echo "$flag$path"
                    end
                else
                    string join \n -- $candidates
                end
            end
            complete -c kade -f -a '(__kade_complete)'

            """#
        }
    }
}
