import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type LoggedRun, type Moment, momentsOf } from './scalars.js';

// Field numbers are those of event.proto and summary.proto
// (https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto).

const POLYNOMIAL = 0x82f63b78; // CRC-32C (Castagnoli), reflected
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
  return c;
});

/** CRC-32C of bytes, rotated and shifted as TensorFlow's records have it, so that a sum of sums is no sum. */
export const maskedCrc = (bytes: Uint8Array): number => {
  let c = 0xffffffff;
  for (const byte of bytes) c = (TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  c = (c ^ 0xffffffff) >>> 0;
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
};

/** One record of a file: length, its sum, the bytes, their sum. */
const framed = (bytes: Uint8Array): Uint8Array => {
  const out = Buffer.alloc(bytes.length + 16);
  out.writeBigUInt64LE(BigInt(bytes.length), 0);
  out.writeUInt32LE(maskedCrc(out.subarray(0, 8)), 8);
  out.set(bytes, 12);
  out.writeUInt32LE(maskedCrc(bytes), 12 + bytes.length);
  return out;
};

type Fill = (writer: BinaryWriter) => unknown;
const message = (writer: BinaryWriter, field: number, fill: Fill): BinaryWriter => {
  writer.tag(field, WireType.LengthDelimited).fork();
  fill(writer);
  return writer.join();
};
const text = (writer: BinaryWriter, field: number, value: string): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited).string(value);

const event = ({ time, step }: Pick<Moment, 'time' | 'step'>, fill: Fill): Uint8Array => {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Bit64).double(time).tag(2, WireType.Varint).int64(step);
  fill(writer);
  return framed(writer.finish());
};

const summary =
  ({ scalars }: Moment): Fill =>
  (writer) =>
    message(writer, 5, (all) => {
      for (const [tag, value] of scalars)
        message(all, 1, (one) => {
          text(one, 1, tag);
          one.tag(2, WireType.Bit32).float(value);
          message(one, 9, (metadata) => message(metadata, 1, (plugin) => text(plugin, 1, 'scalars')));
        });
    });

const SESSION_START = 1;

/**
 * A run as a TensorBoard event file. A longer run has the bytes of the shorter one at its beginning, so that a file
 * grows with its run. The session's start tells a TensorBoard that is open to forget what an earlier file said.
 */
export const eventBytes = (run: LoggedRun): Uint8Array => {
  const start = { time: Date.parse(run.info.startedAt) / 1000, step: 0 };
  return Buffer.concat([
    event(start, (writer) => text(writer, 3, 'brain.Event:2')),
    event(start, (writer) => message(writer, 7, (log) => log.tag(1, WireType.Varint).int32(SESSION_START))),
    ...momentsOf(run).map((moment) => event(moment, summary(moment))),
  ]);
};
