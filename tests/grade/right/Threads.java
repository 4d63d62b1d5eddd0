// grade: right
// step: 03
// run: java -cp PROGRAM Threads {port}
// build: javac -d PROGRAM FILE
// needs: javac
// full: core robust
// Java with a thread for each client; TERM ends it with status 143, and it loses the other orderly
// tests likewise.
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

public class Threads {
    static void echo(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            byte[] buffer = new byte[8192];
            int n;
            while ((n = in.read(buffer)) != -1) {
                out.write(buffer, 0, n);
            }
        } catch (IOException e) {
            System.err.println("client: " + e.getMessage());
        }
    }

    static void start(Socket socket) throws IOException {
        try {
            Thread thread = new Thread(() -> echo(socket));
            thread.setDaemon(true);
            thread.start();
        } catch (OutOfMemoryError e) { // no more threads
            System.err.println(e.getMessage());
            socket.close();
        }
    }

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        ServerSocket listener = new ServerSocket(port, 128, InetAddress.getLoopbackAddress());
        System.out.println("Server started on port " + port);
        while (true) {
            try {
                start(listener.accept());
            } catch (IOException e) {
                System.err.println("accept: " + e.getMessage());
                Thread.sleep(100);
            }
        }
    }
}
