package io.daytona.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * Read integers that clients may write as floats ({@code 10.0}, control-plane protocol rule 2), and
 * refuse what is not integral instead of cutting it off.
 */
final class IntegralDeserializers {
  private IntegralDeserializers() {}

  private static BigInteger read(
      JsonParser in, DeserializationContext context, Class<?> type, int bits) throws IOException {
    JsonToken token = in.currentToken();
    if (token == JsonToken.VALUE_NUMBER_INT || token == JsonToken.VALUE_NUMBER_FLOAT) {
      BigDecimal value = in.getDecimalValue();
      // An exponent like 1e999999 would otherwise be written out digit by digit.
      if ((long) value.precision() - value.scale() <= 20
          && value.stripTrailingZeros().scale() <= 0
          && value.toBigInteger().bitLength() < bits) {
        return value.toBigInteger();
      }
    }
    return (BigInteger) context.handleUnexpectedToken(type, in);
  }

  /** Reads {@code int}. */
  static final class OfInt extends StdScalarDeserializer<Integer> {
    private static final long serialVersionUID = 1L;
    private final @Nullable Integer absent;

    OfInt(@Nullable Integer absent) {
      super(absent == null ? Integer.class : int.class);
      this.absent = absent;
    }

    @Override
    public Integer deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return read(in, context, handledType(), 32).intValue();
    }

    @Override
    public @Nullable Integer getNullValue(DeserializationContext context) {
      return absent;
    }
  }

  /** Reads {@code long}. */
  static final class OfLong extends StdScalarDeserializer<Long> {
    private static final long serialVersionUID = 1L;
    private final @Nullable Long absent;

    OfLong(@Nullable Long absent) {
      super(absent == null ? Long.class : long.class);
      this.absent = absent;
    }

    @Override
    public Long deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return read(in, context, handledType(), 64).longValue();
    }

    @Override
    public @Nullable Long getNullValue(DeserializationContext context) {
      return absent;
    }
  }
}
