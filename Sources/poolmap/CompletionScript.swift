import ArgumentParser

/// The output of `--generate-completion-script`: the parser's script for a shell, extended for a missing command word.
///
/// The parser's own scripts take the first word as a command, and so offer neither files nor options after `poolmap
/// -d`. The lines inserted here do for completion what `ZstdSyntax` does for a run.
struct CompletionScript {
    private let shell: CompletionShell

    /// nil if the arguments do not ask for a script, or in a way that is left to the parser.
    init?(for arguments: [String]) {
        let option = "--generate-completion-script"
        let shell: CompletionShell?
        switch (arguments.first, arguments.count) {
        case (option, 1): shell = .autodetected()
        case (option, 2): shell = CompletionShell(rawValue: arguments[1])
        case (let argument?, 1) where argument.hasPrefix(option + "="):
            shell = CompletionShell(rawValue: String(argument.dropFirst(option.count + 1)))
        default: shell = nil
        }
        guard let shell else { return nil }
        self.shell = shell
    }

    /// - Parameter root: the command that has the others.
    func text(of root: any ParsableCommand.Type) -> String {
        var text = root.completionScript(for: shell)
        if text.hasPrefix("#!") {
            // The script is sourced by a running shell; Debian's lintian objects to an interpreter line.
            text = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().joined(separator: "\n")
        }
        let words = root.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        for (line, addition) in additions(words.joined(separator: " ")) {
            text.insert(addition, after: line)
        }
        return text
    }

    /// Lines of the parser's script, each with the text to insert after it.
    ///
    /// - Parameter commands: the command words.
    private func additions(_ commands: String) -> [(line: String, addition: String)] {
        switch shell {
        case .bash: [("_poolmap() {", bashWords(commands))]
        case .zsh:
            [
                ("_poolmap() {", zshWords(commands)),
                ("        _describe -V subcommand subcommands && ret=0", "        _files && ret=0"),
            ]
        case .fish:
            [
                ("    set -l unparsed_tokens (__poolmap_tokens -pc)", fishWords(commands)),
                (
                    "complete -c 'poolmap' -f",
                    "complete -c 'poolmap' -n '__poolmap_should_offer_completions_for_positional \"poolmap\" -eq 1' -F"
                ),
            ]
        default: []
        }
    }
}

extension String {
    /// Inserts lines after the first occurrence of a line; without one, the script stays unchanged.
    fileprivate mutating func insert(_ addition: String, after line: String) {
        var lines = split(separator: "\n", omittingEmptySubsequences: false)
        guard let index = lines.firstIndex(of: Substring(line)) else { return }
        lines.insert(Substring(addition), at: index + 1)
        self = lines.joined(separator: "\n")
    }
}

// MARK: For each shell: the words as they would be with a command word

private func bashWords(_ commands: String) -> String {
    #"""
        local -a poolmap_words=("${COMP_WORDS[@]:1:COMP_CWORD}")
        if ((COMP_CWORD == 1)) && [[ "${2}" != -* ]]; then
            # The first word may be a file, too.
            local cur="${2}"
            __poolmap_add_completions -f
        elif [[ " \#(commands) " != *" ${poolmap_words[0]} "* ]]; then
            local poolmap_command=compress poolmap_word
            for poolmap_word in "${poolmap_words[@]}"; do
                case "${poolmap_word}" in
                -d*|--decompress|--uncompress) poolmap_command=decompress ;;
                -t*|--test) poolmap_command=test ;;
                -l*|--list) poolmap_command=list ;;
                --cat|--hash|--map|--join) poolmap_command="${poolmap_word#--}" ;;
                --report-page) poolmap_command=report ;;
                esac
            done
            local -a COMP_WORDS
            COMP_WORDS=(poolmap "${poolmap_command}" "${poolmap_words[@]}")
            local -i COMP_CWORD="${#poolmap_words[@]}+1"
        fi
    """#
}

private func zshWords(_ commands: String) -> String {
    #"""
        if ((CURRENT > 2)) || [[ "${words[2]}" == -* ]]; then
            if [[ " \#(commands) " != *" ${words[2]} "* ]]; then
                local poolmap_command=compress poolmap_word
                for poolmap_word in "${words[@]:1}"; do
                    case "${poolmap_word}" in
                    -d*|--decompress|--uncompress) poolmap_command=decompress ;;
                    -t*|--test) poolmap_command=test ;;
                    -l*|--list) poolmap_command=list ;;
                    --cat|--hash|--map|--join) poolmap_command="${poolmap_word#--}" ;;
                    --report-page) poolmap_command=report ;;
                    esac
                done
                words=("${words[1]}" "${poolmap_command}" "${words[@]:1}")
                ((CURRENT++))
            fi
        fi
    """#
}

private func fishWords(_ commands: String) -> String {
    #"""
        set -l poolmap_words $unparsed_tokens[2..] (commandline -ct)
        if not contains -- "$poolmap_words[1]" \#(commands)
            and begin
                test (count $poolmap_words) -gt 1
                or string match -q -- '-*' $poolmap_words[1]
            end
            set -l poolmap_command compress
            for poolmap_word in $poolmap_words
                switch $poolmap_word
                case '-d*' --decompress --uncompress
                    set poolmap_command decompress
                case '-t*' --test
                    set poolmap_command test
                case '-l*' --list
                    set poolmap_command list
                case --cat --hash --map --join
                    set poolmap_command (string replace -- -- '' $poolmap_word)
                case --report-page
                    set poolmap_command report
                end
            end
            set unparsed_tokens $unparsed_tokens[1] $poolmap_command $unparsed_tokens[2..]
        end
    """#
}
