import Diagnostics
import Linux
import OCI
import Testing

@testable import ContainerRuntime

/// Statistics from the texts of a cgroup's files.
@Suite struct ContainerStatisticsTests {
    private func readings(_ version: CgroupVersion, _ files: [String: String]) -> CgroupReadings {
        CgroupReadings(version: { _ in version }, text: { file, _ in files[file] })
    }

    @Test func `version 2 has its figures in version 1's shape`() throws {
        let files = readings(
            .v2,
            [
                "cpu.stat": """
                usage_usec 30
                user_usec 10
                system_usec 20
                nr_periods 4
                nr_throttled 3
                throttled_usec 2
                """,
                "cpu.pressure": """
                some avg10=0.12 avg60=0.00 avg300=1.50 total=99
                full avg10=0.00 avg60=0.00 avg300=0.00 total=0
                """,
                "memory.stat": "anon 5\nfile 6\n", "memory.current": "100\n",
                "memory.max": "1000\n", "memory.peak": "150\n", "memory.swap.current": "7\n",
                "memory.swap.max": "max\n",
                "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n",
                "hugetlb.2MB.current": "2097152\n", "hugetlb.2MB.events": "max 3\n",
            ])
        #expect(
            JSONValue.object(try ContainerStatistics.cpu(files)).jsonString() == """
                {"usage":{"total":30000,"kernel":20000,"user":10000},\
                "throttling":{"periods":4,"throttledPeriods":3,"throttledTime":2000},\
                "psi":{"some":{"avg10":0.12,"avg60":0,"avg300":1.5,"total":99},\
                "full":{"avg10":0,"avg60":0,"avg300":0,"total":0}}}
                """)
        #expect(
            JSONValue.object(try ContainerStatistics.memory(files)).jsonString() == """
                {"cache":6,"usage":{"limit":1000,"usage":100,"max":150,"failcnt":0},\
                "swap":{"limit":18446744073709551615,"usage":107,"failcnt":0},\
                "kernel":{"limit":0,"failcnt":0},"kernelTCP":{"limit":0,"failcnt":0},\
                "raw":{"anon":5,"file":6}}
                """)
        #expect(
            JSONValue.object(try ContainerStatistics.blockIO(files)).jsonString() == """
                {"ioServiceBytesRecursive":[{"major":8,"op":"Read","value":1},\
                {"major":8,"op":"Write","value":2}],\
                "ioServicedRecursive":[{"major":8,"op":"Read","value":3},\
                {"major":8,"op":"Write","value":4}]}
                """)
        let pages = try ContainerStatistics.hugePages(files, sizes: ["2MB", "1GB"])
        #expect(
            JSONValue.object(pages).jsonString() == #"{"2MB":{"usage":2097152,"failcnt":3}}"#)
    }

    @Test func `version 1 counts by processor, and by device and operation`() throws {
        let files = readings(
            .v1,
            [
                "cpuacct.usage": "30\n", "cpuacct.usage_percpu": "10 20 \n",
                "cpuacct.usage_all": "cpu user system\n0 4 6\n1 8 12\n",
                "cpuacct.usage_sys": "18\n", "cpuacct.usage_user": "12\n",
                "cpu.stat": "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
                "cpuset.cpus": "0-1,3\n", "cpuset.sched_relax_domain_level": "-1\n",
                "blkio.throttle.io_serviced_recursive": "8:0 Read 3\n8:0 Total 3\nTotal 3\n",
            ])
        #expect(
            JSONValue.object(try ContainerStatistics.cpu(files)).jsonString() == """
                {"usage":{"total":30,"percpu":[10,20],"percpu_kernel":[6,12],\
                "percpu_user":[4,8],"kernel":18,"user":12},"throttling":{}}
                """)
        let set = try ContainerStatistics.cpuSet(files)
        #expect(set["cpus"] == [0, 1, 3])
        #expect(set["sched_relax_domain_level"] == -1)
        #expect(
            JSONValue.object(try ContainerStatistics.blockIO(files)).jsonString() == """
                {"ioServicedRecursive":[{"major":8,"op":"Read","value":3},\
                {"major":8,"op":"Total","value":3}]}
                """)
    }

    @Test func `interfaces are counted without the loopback`() {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
                lo:     840      10    0    0    0     0          0         0      840      10    0 0
              eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
            """
        #expect(
            JSONValue.array(ContainerStatistics.networkInterfaces(text)).jsonString() == """
                [{"Name":"eth0","RxBytes":1,"RxPackets":2,"RxErrors":3,"RxDropped":4,\
                "TxBytes":9,"TxPackets":10,"TxErrors":11,"TxDropped":12}]
                """)
    }
}
