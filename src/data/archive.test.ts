import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import sharp from 'sharp';
import { type Header, pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planDataset } from './dataset.js';
import { findImages } from './find-images.js';
import { imageBatches } from './image-batches.js';
import { openLabelled } from './open-labelled.js';
import { openSource } from './open-source.js';
import { thumbnail } from './thumbnail.js';

let root = '';
const at = (...names: string[]) => join(root, ...names);
const png = (shade: number, side = 9): Promise<Buffer> =>
  sharp({ create: { width: side, height: side + 3, channels: 3, background: { r: shade, g: 3 * (shade % 80), b: 7 } } })
    .composite([{ input: Buffer.from('<svg width="4" height="4"><circle r="3"/></svg>') }])
    .png()
    .toBuffer();

type Files = Record<string, Uint8Array>;
const DEEP = `${'long-'.repeat(18)}name`;
const write = (folder: string, files: Files): string => {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(at(folder, name)), { recursive: true });
    writeFileSync(at(folder, name), bytes);
  }
  return at(folder);
};
const tarOf = async (entries: [Partial<Header> & { name: string }, Uint8Array?][]): Promise<Buffer> => {
  const packed = pack();
  for (const [header, bytes] of entries) packed.entry(header, Buffer.from(bytes ?? []));
  packed.finalize();
  return buffer(packed);
};
/** Files of a folder by their paths in it. */
const below = (folder: string): Files =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(folder.length + 1), new Uint8Array(readFileSync(file))]),
  );

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'archive-'));
  const files: Files = {
    'train/notes.txt': strToU8('hello'),
    'train/Thumbs.db': strToU8('x'),
    '.hidden': strToU8('x'),
  };
  for (const [c, name] of ['ant', 'bee', `crab ${DEEP}`].entries()) {
    for (let i = 0; i < 5; i++) files[`train/${name}/${i} ${DEEP}.png`] = await png(20 * i + c);
    for (let i = 0; i < 2; i++) files[`test/${name}/${i}.png`] = await png(100 + 20 * i + c);
  }
  files['train/ant/unnamed'] = await png(77);
  files['train/bee/broken.png'] = (await png(78)).subarray(0, 60);
  files['train/stray.png'] = await png(79);
  const noise = { type: 'gaussian', mean: 90, sigma: 60 } as const;
  const large = { width: 600, height: 600, channels: 3, background: '#808080', noise } as const;
  files['train/ant/large.png'] = await sharp({ create: large }).png().toBuffer();
  write('birds', files);
  writeFileSync(at('stored'), zipSync(files, { level: 0 }));
  writeFileSync(at('birds.zip'), zipSync(files, { level: 6 }));
  writeFileSync(
    at('wrapped.zip'),
    zipSync(Object.fromEntries(Object.entries(files).map(([n, b]) => [`birds/${n}`, b]))),
  );
  execFileSync('tar', ['-cf', at('birds.tar'), '-C', at('birds'), '.']);
  writeFileSync(at('birds.tgz'), gzipSync(readFileSync(at('birds.tar'))));
  writeFileSync(at('pax.tar'), await tarOf(Object.entries(files).map(([name, bytes]) => [{ name }, bytes])));
});
afterAll(() => rmSync(root, { recursive: true }));

const FORMS = ['birds.zip', 'stored', 'wrapped.zip', 'birds.tar', 'birds.tgz', 'pax.tar'];
/** What is said of an archive as it would be of the folder. */
const asFolder = (text: string, form: string): string =>
  text.replaceAll(at(form, ...(form.startsWith('wrapped') ? ['birds'] : [])), at('birds'));

describe('an archive of images', () => {
  it.each(FORMS)('%s is used in place as the folder is', async (form) => {
    const options = { imageSize: 8, skipCorrupt: true, testShare: undefined };
    const [folder, own] = [await planDataset(at('birds'), options), await planDataset(at(form), options)];
    expect(own.counts).toEqual(folder.counts);
    expect(own.account?.leftOut.map(({ reason, entries }) => [reason, entries])).toEqual(
      folder.account?.leftOut.map(({ reason, entries }) => [reason, entries]),
    );
    expect(own.account?.archive).toBe(form.endsWith('tgz') ? 'tar.gz' : form.endsWith('tar') ? 'tar' : 'zip');
    const said = (failures: readonly { file: string; reason: string }[]) =>
      failures.map(({ file, reason }) => [asFolder(file, form), reason]);
    expect(said(await own.check())).toEqual(said(await folder.check()));
    const [there, here] = [await folder.load(), await own.load()];
    expect(here.fingerprint).toBe(there.fingerprint);
    expect(said(here.skipped)).toEqual(said(there.skipped));
    expect(here.skipped).toHaveLength(1);
    await expect(planDataset(at(form), { imageSize: 8 }).then((plan) => plan.load())).rejects.toThrow('broken.png');
  });

  it.each(FORMS)('%s is tested on, predicted and shown, whole or in part', async (form) => {
    const inner = form.startsWith('wrapped') ? ['birds'] : [];
    const labelled = await openLabelled(at(form), { imageSize: 8, channels: 3 });
    expect(labelled.counts).toEqual([2, 2, 2]);
    expect((await labelled.load([0, 1, 2])).set.labels).toHaveLength(6);
    const found = await findImages([at(form, ...inner, 'test'), at(form, ...inner, 'train', 'ant', 'unnamed')]);
    expect(found.failures).toEqual([]);
    expect(found.files.map((file) => asFolder(file, form))).toEqual([
      ...(await findImages([at('birds/test')])).files,
      at('birds/train/ant/unnamed'),
    ]);
    expect((await findImages([at(form)])).files).toHaveLength(25);
    const batches = [];
    for await (const batch of imageBatches(found.files, { imageSize: 8, channels: 3, batchSize: 4 }))
      batches.push(batch);
    expect(batches.flatMap(({ files }) => files)).toEqual(found.files);
    expect((await thumbnail(found.files[0] ?? '', { size: 16 })).length).toBeGreaterThan(60);
    expect((await openSource(at(form, ...inner, 'test'), {}).catch((error) => error)).message).toContain('at least 3');
    const gone = await findImages([at(form, 'gone')]);
    expect(gone.failures).toEqual([
      { file: at(form, 'gone'), reason: 'there is no such file or folder; check the path' },
    ]);
  });

  it('is exchanged under its name, and labelled by a table in it', async () => {
    const images = below(at('birds/test'));
    const flat = Object.fromEntries(Object.values(images).map((bytes, i) => [`${i}.png`, bytes]));
    const table = ['file,label', ...Object.keys(flat).map((name, i) => `${name},${i % 2 ? 'odd' : 'even'}`)].join('\n');
    writeFileSync(at('own.zip'), zipSync({ ...flat, 'own.csv': strToU8(table) }));
    const noClasses = await openSource(at('own.zip')).catch((error) => error);
    expect(noClasses.message).toContain('has no class folders');
    const source = await openSource(at('own.zip'), { labels: at('own.zip', 'own.csv'), imageSize: 8 });
    expect(source).toMatchObject({ name: 'own.zip', classes: ['even', 'odd'], archive: 'zip' });
    writeFileSync(at('own.zip'), zipSync(below(at('birds')), { level: 1 }));
    expect((await openSource(at('own.zip'))).classes).toHaveLength(3);
  });
});

describe('entries that are no plain files', () => {
  it('are left out and counted: nothing leads out of an archive', async () => {
    const image = await png(5);
    const good: [Partial<Header> & { name: string }, Uint8Array][] = ['ant', 'bee'].flatMap((name) =>
      [0, 1, 2].map((i): [Partial<Header> & { name: string }, Uint8Array] => [{ name: `./${name}//${i}.png` }, image]),
    );
    const bad: [Partial<Header> & { name: string }, Uint8Array?][] = [
      [{ name: '../escaped.png' }, image],
      [{ name: 'ant/../../escaped.png' }, image],
      [{ name: `${root}/escaped.png` }, image],
      [{ name: 'ant/link.png', type: 'symlink', linkname: '/etc/passwd' }],
      [{ name: 'ant/hard.png', type: 'link', linkname: '/etc/passwd' }],
      [{ name: 'ant/device.png', type: 'character-device' }],
      [{ name: 'ant/pipe.png', type: 'fifo' }],
      [{ name: 'ant/0.png' }, image],
      [{ name: 'ant/0.png/below.png' }, image],
      [{ name: `ant/${'x/'.repeat(4000)}.png` }, image],
    ];
    const same: [Partial<Header> & { name: string }, Uint8Array?] = [
      { name: 'bee/same.png', type: 'link', linkname: './bee//0.png' },
    ];
    writeFileSync(at('bad.tar'), await tarOf([...good, ...bad, same]));
    const source = await openSource(at('bad.tar'), { imageSize: 8 });
    expect([...source.trainLabels, ...source.testLabels].sort()).toEqual([0, 0, 0, 1, 1, 1, 1]);
    expect(source.leftOut?.map(({ reason }) => reason).sort()).toEqual([
      ...['a device, not a file', 'a link, which is not followed in an archive'],
      ...['a link, which is not followed in an archive', 'a named pipe, not a file'],
      ...['a second entry of the same name', 'a second entry of the same name'],
      ...['its name is too long; shorten it'],
      ...Array(3).fill('its name leads out of the archive'),
    ]);
    expect(readdirSync(root)).not.toContain('escaped.png');
  });

  it('are so in a zip too, with names of Windows and of other alphabets', async () => {
    const image = new Uint8Array(await png(5));
    const files: Record<string, Uint8Array | [Uint8Array, { os: number; attrs: number }]> = { '..\\up.png': image };
    for (const name of ['ant\\0.png', 'ant\\1.png', 'ant\\2.png', 'bée/0.png', 'bée/1.png', 'bée/2.png'])
      files[name] = image;
    files['ant/link.png'] = [image, { os: 3, attrs: 0o120777 * 65_536 }];
    files['bxx.png'] = image;
    const bytes = Buffer.from(zipSync(files));
    for (let i = bytes.indexOf('bxx'); i !== -1; i = bytes.indexOf('bxx', i)) bytes.set([0xe9, 0xe9], i + 1);
    writeFileSync(at('names.zip'), bytes);
    const source = await openSource(at('names.zip'), { imageSize: 8 });
    expect(source.classes).toEqual(['ant', 'bée']);
    expect(source.leftOut?.map(({ reason }) => reason).sort()).toEqual([
      'a link, which is not followed in an archive',
      'its name is not UTF-8; pack it again with names in UTF-8',
      'its name leads out of the archive',
    ]);
  });
});

describe('an archive that is not as it should be', () => {
  const refused = async (name: string, bytes: Uint8Array): Promise<string> => {
    writeFileSync(at(name), bytes);
    const error = await openSource(at(name)).catch((cause) => cause);
    return error instanceof Error ? error.message : 'nothing is said';
  };

  it.each(['birds.zip', 'birds.tar', 'birds.tgz'])(
    '%s is refused in a sentence where its end is missing',
    async (form) => {
      const whole = readFileSync(at(form));
      for (const share of [0.3, 0.6, 0.9])
        expect(await refused('cut', whole.subarray(0, share * whole.length))).toBe(
          `Cannot open data: archive ${at('cut')} is damaged or cut short; remove it and download it again`,
        );
    },
  );

  it('is refused where it is encrypted, of an unknown method, or of another format', async () => {
    const zip = Buffer.from(readFileSync(at('birds.zip')));
    const central = zip.indexOf('PK\x01\x02');
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(zip);
      copy[central + at] = value;
      return copy;
    };
    expect(await refused('e', changed(8, 1))).toContain('is encrypted; unpack it and give its folder');
    expect(await refused('m', changed(10, 93))).toContain('in a way that is not read (method 93); unpack it');
    expect(await refused('x', Buffer.from('\xfd7zXZ\0 and more', 'latin1'))).toContain('it is an archive; unpack it');
    expect(await refused('g', gzipSync('no tar'))).toContain('it is an archive; unpack it and give its folder');
  });

  it('names a damaged entry as a damaged file, by its checksum', async () => {
    const bytes = Buffer.from(readFileSync(at('stored')));
    const place = bytes.indexOf('IDAT', bytes.indexOf('train/ant'));
    bytes[place + 20] = (bytes[place + 20] ?? 0) ^ 1;
    writeFileSync(at('flipped.zip'), bytes);
    const plan = await planDataset(at('flipped.zip'), { imageSize: 8, skipCorrupt: true });
    const { skipped } = await plan.load();
    expect(skipped.map(({ reason }) => reason)).toContain('it is damaged in its archive; download that again');
  });

  it('never throws anything but a sentence, whatever byte is changed', async () => {
    const draw = (n: number): number => Math.floor(Math.random() * n);
    for (const form of ['birds.zip', 'birds.tar'])
      for (let i = 0; i < 60; i++) {
        const bytes = Buffer.from(readFileSync(at(form)));
        const tail = form.endsWith('zip') ? bytes.length - draw(3000) - 1 : draw(bytes.length);
        bytes[tail] = draw(256);
        const told = await refused('any', bytes);
        expect(told).toMatch(/^(Cannot open data: |nothing is said)/);
      }
  });

  it('does not fill the memory where it expands without end', { timeout: 120_000 }, async () => {
    // Gzip files behind one another are one.
    const zeros = gzipSync(Buffer.alloc(2 ** 20), { level: 9 });
    const endless = (begin: Buffer, n: number): Buffer => Buffer.concat([gzipSync(begin), ...Array(n).fill(zeros)]);
    const image = await tarOf([[{ name: 'train/ant/0.png' }, await png(3)]]);
    const large = Buffer.from(await tarOf([[{ name: 'train/ant/0.png', size: 0 }]])).subarray(0, 512);
    const folder = gzipSync(
      Buffer.concat(Array(2048).fill((await tarOf([[{ name: 'a/b/c/d/e/f/g/h/i/j/k' }]])).subarray(0, 512))),
    );
    const small = new Uint8Array(await png(4));
    const blank = Buffer.concat([await png(3), Buffer.alloc(40 * 2 ** 20)]);
    const bombs: [string, Buffer][] = [
      ['tail', endless(image.subarray(0, -1024), 1000)],
      ['file', endless(large, 1000)],
      ['many', Buffer.concat(Array(130).fill(folder))],
      [
        'zip',
        Buffer.from(
          zipSync({
            'ant/0.png': blank,
            ...Object.fromEntries(
              [1, 2, 3].flatMap((i) => [
                [`ant/${i}.png`, small],
                [`bee/${i}.png`, small],
              ]),
            ),
          }),
        ),
      ],
    ];
    for (const [name, bytes] of bombs) {
      expect([name, bytes.length < 4e6]).toEqual([name, true]);
      writeFileSync(at(name), bytes);
      const module = pathToFileURL(join(import.meta.dirname, 'dataset.ts')).href;
      const program = `
        const { planDataset } = await import(${JSON.stringify(module)});
        const told = await planDataset(${JSON.stringify(at(name))}).then((plan) => plan.load()).catch((error) => error);
        const status = (await import('node:fs')).readFileSync('/proc/self/status', 'utf8');
        console.log(JSON.stringify([Number(/VmHWM:\\s*(\\d+)/.exec(status)[1]) / 1024, String(told.message)]));`;
      const args = ['--import', 'tsx', '--input-type=module', '-e', program];
      const [megabytes, told] = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
      expect([name, megabytes < 300, told.slice(0, 7)]).toEqual([name, true, 'Cannot ']);
    }
  });

  it('leaves nothing behind', () => {
    cpSync(at('birds.tgz'), at('again.tgz'));
    expect(readdirSync(root).filter((name) => name.startsWith('.expanded'))).toEqual([]);
  });
});
