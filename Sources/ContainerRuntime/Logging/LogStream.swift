/// Which of a program's streams something comes from.
package enum LogStream: String, Sendable {
    case output = "stdout"
    case error = "stderr"
}
