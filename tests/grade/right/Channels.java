// grade: right
// step: 04
// run: java -cp PROGRAM Channels {port}
// build: javac -d PROGRAM FILE
// needs: javac
// full: core robust
// Java with a Selector: one thread, and a buffer for each client, which is emptied before more is
// read.
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

public class Channels {
    static void accept(ServerSocketChannel listener, Selector selector)
            throws InterruptedException {
        try {
            SocketChannel client = listener.accept();
            if (client != null) {
                client.configureBlocking(false);
                client.register(selector, SelectionKey.OP_READ, ByteBuffer.allocate(8192));
            }
        } catch (IOException e) { // too many open files, most likely
            System.err.println("accept: " + e.getMessage());
            Thread.sleep(100);
        }
    }

    static void serve(SelectionKey key) throws IOException {
        SocketChannel client = (SocketChannel) key.channel();
        ByteBuffer buffer = (ByteBuffer) key.attachment();
        try {
            if (key.isReadable()) {
                if (client.read(buffer) == -1) {
                    client.close();
                    return;
                }
                buffer.flip();
            }
            client.write(buffer);
            if (buffer.hasRemaining()) {
                key.interestOps(SelectionKey.OP_WRITE);
            } else {
                buffer.clear();
                key.interestOps(SelectionKey.OP_READ);
            }
        } catch (IOException e) {
            System.err.println("client: " + e.getMessage());
            client.close();
        }
    }

    public static void main(String[] args) throws Exception {
        Selector selector = Selector.open();
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress("localhost", Integer.parseInt(args[0])));
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        while (true) {
            selector.select();
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.isAcceptable()) {
                    accept(listener, selector);
                } else {
                    serve(key);
                }
            }
            selector.selectedKeys().clear();
        }
    }
}
