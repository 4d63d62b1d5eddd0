// grade: wrong
// step: 03
// run: java -cp PROGRAM ByteIsMinusOne {port}
// build: javac -d PROGRAM FILE
// needs: javac
// loses: bytes large late
// hint: closes-at-255
// What read returns is made a byte before it is compared with -1: a byte of value 255 looks like
// the end.
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;

public class ByteIsMinusOne {
    static void echo(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            byte b;
            while ((b = (byte) in.read()) != -1) {
                out.write(b);
            }
        } catch (IOException e) {
            System.out.println("client: " + e.getMessage());
        }
    }

    public static void main(String[] args) throws IOException {
        ServerSocket listener = new ServerSocket(Integer.parseInt(args[0]));
        while (true) {
            Socket socket = listener.accept();
            new Thread(() -> echo(socket)).start();
        }
    }
}
