import Testing

@testable import Linux

@Suite struct KernelLogTests {
    @Test func `a record has a time and a text, and lines about its device are left out`() {
        let message = KernelLog.Message(
            record: Array("6,340,5690716,-;eth0: link up\n SUBSYSTEM=net\n".utf8))
        #expect(message?.timeInMicroseconds == 5_690_716)
        #expect(message?.text == "eth0: link up")
        #expect(message?.isOfKernel == true)
        #expect(KernelLog.Message(record: Array("no record".utf8)) == nil)
        #expect(KernelLog.Message(record: Array("6,x;text".utf8)) == nil)
    }

    @Test func `what a program has written into the log is not the kernel's`() {
        let message = KernelLog.Message(record: Array("12,340,5690716,-;sh[41]: segfault".utf8))
        #expect(message?.isOfKernel == false)
    }
}
