import Testing

@testable import Engine

@Suite struct ContainerSampleTests {
    @Test func `the processor's share is that of Docker`() {
        var earlier = ContainerSample(id: "a", name: "a")
        earlier.systemInNanoseconds = 1_000_000_000
        var later = earlier
        later.processorCount = 2
        later.systemInNanoseconds = 3_000_000_000  // a second of two processors
        later.cpuInNanoseconds = 500_000_000
        #expect(later.cpuPercentage(since: earlier) == 50)
        #expect(earlier.cpuPercentage(since: later) == 0)
        #expect(later.cpuPercentage(since: later) == 0)
    }

    @Test func `the machine's time is that of all processors, guests not counted twice`() {
        let times = ProcessorTimes(
            procStat: """
                cpu  1 2 3 4 5 6 7 8 100 100
                cpu0 1 1 1 1 1 1 1 1 0 0
                cpu1 1 1 1 1 1 1 1 1 0 0
                intr 5
                """)
        #expect(times.total == 36)
        #expect(times.processorCount == 2)
    }

    @Test func `traffic is that of all interfaces but the loopback`() {
        let traffic = NetworkTraffic(
            netDev: """
                Inter-|   Receive                                                |  Transmit
                 face |bytes packets errs drop fifo frame compressed multicast|bytes packets
                    lo: 100 1 0 0 0 0 0 0 100 1 0 0 0 0 0 0
                  eth0: 10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0
                  eth1:5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0
                """)
        #expect(traffic.receivedInBytes == 15)
        #expect(traffic.sentInBytes == 26)
    }
}
