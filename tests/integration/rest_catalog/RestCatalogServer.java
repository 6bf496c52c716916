// An Iceberg REST catalog for tests: the reference implementation's adapter over a JDBC catalog whose files are local.
// usage: java -cp 'LIB/*' RestCatalogServer.java DIR     prints its port to DIR/port and serves until it is ended
// Requests need the token that its OAuth2 endpoint gives out. POST /_faults takes lines `METHOD PATH-REGEX FAULT`, each for
// one request: `lose_request` (the connection ends, nothing is done), `lose_answer` (done, then the connection ends),
// `fail_before` and `fail_after` (500 before or after it is done), `busy` (503), `unknown` (406, as
// of a call that the server has not). GET /_log gives the calls, a line each.
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import jakarta.servlet.DispatcherType;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

public class RestCatalogServer {
  /** Files of `file:` locations. */
  public static class LocalFileIO implements FileIO {
    private static Path path(String location) {
      return Path.of(location.replaceFirst("^file:(//)?", ""));
    }

    @Override
    public InputFile newInputFile(String location) {
      return org.apache.iceberg.Files.localInput(path(location).toFile());
    }

    @Override
    public OutputFile newOutputFile(String location) {
      return org.apache.iceberg.Files.localOutput(path(location).toFile());
    }

    @Override
    public void deleteFile(String location) {
      path(location).toFile().delete();
    }
  }

  record Fault(String method, String path, String kind) {}

  static class Gate implements Filter {
    private final List<Fault> faults = new ArrayList<>();
    private final StringBuilder log = new StringBuilder();

    private synchronized String fault(HttpServletRequest request) {
      log.append(request.getMethod()).append(' ').append(request.getRequestURI()).append('\n');
      for (Iterator<Fault> at = faults.iterator(); at.hasNext(); ) {
        Fault fault = at.next();
        if (fault.method().equals(request.getMethod()) && request.getRequestURI().matches(fault.path())) {
          at.remove();
          return fault.kind();
        }
      }
      return "";
    }

    private synchronized boolean control(HttpServletRequest request, HttpServletResponse response) throws IOException {
      if (request.getRequestURI().equals("/_log")) {
        response.getWriter().write(log.toString());
        log.setLength(0);
        return true;
      }
      if (!request.getRequestURI().equals("/_faults")) return false;
      faults.clear();
      for (String line : new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        String[] parts = line.trim().split(" ");
        if (parts.length == 3) faults.add(new Fault(parts[0], parts[1], parts[2]));
      }
      return true;
    }

    private static void drop(HttpServletRequest request) {
      ((Request) request).getHttpChannel().getEndPoint().close();
    }

    @Override
    public void doFilter(ServletRequest plain, ServletResponse answer, FilterChain chain)
        throws IOException, ServletException {
      HttpServletRequest request = (HttpServletRequest) plain;
      HttpServletResponse response = (HttpServletResponse) answer;
      if (control(request, response)) return;
      String authorization = request.getHeader("Authorization");
      boolean open = request.getRequestURI().endsWith("/oauth/tokens");
      if (!open && (authorization == null || !authorization.startsWith("Bearer client-credentials-token:"))) {
        response.setStatus(401);
        response.getWriter().write("{\"error\":{\"message\":\"no token\",\"type\":\"NotAuthorizedException\",\"code\":401}}");
        return;
      }
      switch (fault(request)) {
        case "lose_request" -> drop(request);
        case "fail_before" -> response.setStatus(500);
        case "busy" -> response.setStatus(503);
        case "unknown" -> response.setStatus(406);
        case "lose_answer" -> {
          chain.doFilter(plain, muted(response));
          drop(request);
        }
        case "fail_after" -> {
          chain.doFilter(plain, muted(response));
          response.setStatus(500);
        }
        default -> chain.doFilter(plain, answer);
      }
    }

    private static HttpServletResponse muted(HttpServletResponse response) {
      return new HttpServletResponseWrapper(response) {
        @Override
        public PrintWriter getWriter() {
          return new PrintWriter(new StringWriter());
        }

        @Override
        public void setStatus(int status) {}
      };
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    JdbcCatalog catalog = new JdbcCatalog(properties -> new LocalFileIO(), null, true);
    catalog.initialize(
        "test",
        Map.of(
            "uri", "jdbc:sqlite:" + folder.resolve("catalog.db"),
            "warehouse", folder.resolve("warehouse").toString(),
            "clients", "1"));
    ServletContextHandler context = new ServletContextHandler();
    context.setContextPath("/");
    context.addServlet(new ServletHolder(new RESTCatalogServlet(new RESTCatalogAdapter(catalog))), "/*");
    context.addFilter(new FilterHolder(new Gate()), "/*", EnumSet.of(DispatcherType.REQUEST));
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(context);
    server.start();
    Path ready = folder.resolve("port.new");
    Files.writeString(ready, Integer.toString(connector.getLocalPort()));
    Files.move(ready, folder.resolve("port"), StandardCopyOption.ATOMIC_MOVE);
    server.join();
  }
}
