package io.daytona.server.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/** Pools of connections to PostgreSQL. */
public final class Databases {
  private static final String NAME = "daytona";

  private Databases() {}

  /**
   * A pool on the embedded server; makes the database on its first start.
   *
   * @param connections most connections, 2 or more
   */
  public static HikariDataSource pool(EmbeddedPostgres postgres, int connections) {
    return pool(postgres.socket(), connections);
  }

  /** A pool on the embedded server that listens on a socket. */
  public static HikariDataSource pool(Path socket, int connections) {
    Properties properties = new Properties();
    properties.setProperty("user", PostgresCluster.ROLE);
    properties.setProperty("socketFactory", UnixSocketFactory.class.getName());
    properties.setProperty("socketFactoryArg", socket.toString());
    properties.setProperty("sslmode", "disable");
    properties.setProperty("gssEncMode", "disable");
    create(properties);
    return pool("jdbc:postgresql://localhost/" + NAME, properties, connections);
  }

  private static void create(Properties properties) {
    try (Connection connection =
            DriverManager.getConnection("jdbc:postgresql://localhost/postgres", properties);
        Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery("select 1 from pg_database where datname = '" + NAME + "'")) {
      if (!found.next()) {
        // Copies the template's files instead of logging every page: nothing else runs yet.
        statement.execute("create database " + NAME + " strategy file_copy");
      }
    } catch (SQLException e) {
      throw new PostgresException("the database cannot be made: " + e.getMessage(), e);
    }
  }

  /**
   * A pool on another server.
   *
   * @param url {@code postgresql://user:password@host:port/database?parameters}, with or without
   *     {@code jdbc:} before it
   */
  public static HikariDataSource pool(String url, int connections) {
    try {
      URI uri = URI.create(url.startsWith("jdbc:") ? url.substring(5) : url);
      String scheme = uri.getScheme();
      if (uri.getHost() == null
          || !("postgresql".equals(scheme) || "postgres".equals(scheme))
          || uri.getPath().length() < 2) {
        throw new IllegalArgumentException("parts are missing");
      }
      Properties properties = new Properties();
      String userInfo = uri.getRawUserInfo();
      if (userInfo != null) {
        String[] parts = userInfo.split(":", 2);
        properties.setProperty("user", decode(parts[0]));
        if (parts.length == 2) {
          properties.setProperty("password", decode(parts[1]));
        }
      }
      String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      return pool(
          "jdbc:postgresql://" + uri.getHost() + port + uri.getRawPath() + query,
          properties,
          connections);
    } catch (IllegalArgumentException e) {
      // The exception's own message may hold the password.
      throw new PostgresException(
          "the database URL is not of the form postgresql://user:password@host:port/database",
          null);
    }
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static HikariDataSource pool(String url, Properties properties, int connections) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("postgres");
    config.setJdbcUrl(url);
    config.setDataSourceProperties(properties);
    config.setMaximumPoolSize(connections);
    config.setMinimumIdle(2);
    config.setIdleTimeout(60_000);
    config.setMaxLifetime(1_800_000);
    // An outage is told to clients before they give up; what must be written is tried again.
    config.setConnectionTimeout(3_000);
    config.setValidationTimeout(2_000);
    // Every statement is prepared by the server from its first use on.
    config.addDataSourceProperty("prepareThreshold", "1");
    config.addDataSourceProperty("ApplicationName", NAME);
    // PostgreSQL's error details quote rows, and rows hold environments of sandboxes.
    config.addDataSourceProperty("logServerErrorDetail", "false");
    // A connection that fell silent with its network is given up.
    config.addDataSourceProperty("socketTimeout", "60");
    return new HikariDataSource(config);
  }
}
