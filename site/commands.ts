import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Argument, Command, Help, Option } from 'commander';

const cli = resolve(import.meta.dirname, '..', 'src', 'cli');

const isModule = (value: unknown): value is { command(): Command } =>
  typeof value === 'object' && value !== null && 'command' in value;

/** Every command of `tailnas`, in the order of its help. */
export const loadCommands = async (): Promise<Command[]> => {
  const names = [...readFileSync(join(cli, 'main.ts'), 'utf8').matchAll(/import\('\.\/([a-z-]+)\.js'\)\]/g)];
  return Promise.all(
    names.map(async ([, name = '']) => {
      const module: unknown = await import(join(cli, `${name}.ts`));
      if (!isModule(module)) throw new Error(`Cannot describe ${name}: src/cli/${name}.ts exports no command()`);
      return module.command();
    }),
  );
};

/** Text of a help message as HTML that Vue leaves alone: what is in backticks becomes code. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('{{', '&#123;&#123;');
const inline = (text: string): string => escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');

interface Term {
  readonly id: string;
  readonly term: string;
  readonly text: string;
}

/** A list of definitions; each can be linked to. */
const definitions = (terms: readonly Term[]): string =>
  [
    '<dl class="terms">',
    ...terms.map(
      ({ id, term, text }) =>
        `<dt id="${id}"><a href="#${id}"><code>${escaped(term)}</code></a></dt><dd>${inline(text)}</dd>`,
    ),
    '</dl>',
  ].join('\n');

const ofArgument = (help: Help, argument: Argument): Term => ({
  id: `argument-${argument.name()}`,
  term: help.argumentTerm(argument),
  text: help.argumentDescription(argument),
});
const ofOption = (help: Help, option: Option): Term => ({
  id: option.name(),
  term: help.optionTerm(option),
  text: help.optionDescription(option),
});

/** What stands below the options in --help: examples, each with words about it, and paragraphs. */
const afterHelp = (command: Command): string => {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  const blocks = text
    .slice(command.helpInformation().length)
    .trim()
    .split(/\n\s*\n/);
  return blocks
    .filter((block) => block !== '')
    .map((block) => {
      if (!/^Examples?:/.test(block)) return inline(block);
      const examples = block.split(/\n {2}\$ /).slice(1);
      const lines = examples.map((example) => {
        const [typed = '', ...about] = example.split('\n').map((line) => line.trim());
        return [...about.map((line) => `# ${line}`), typed].join('\n');
      });
      const gap = lines.some((line) => line.includes('\n')) ? '\n\n' : '\n';
      return `## Examples\n\n\`\`\`sh\n${lines.join(gap)}\n\`\`\``;
    })
    .join('\n\n');
};

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

/** The page of a command: what it is for, its examples, its arguments, its options in groups. */
export const commandPage = (command: Command): string => {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  const grouped = options.some(({ helpGroupHeading }) => helpGroupHeading !== undefined);
  const groupOf = ({ helpGroupHeading }: Option): string =>
    helpGroupHeading?.replace(/:$/, '') ?? (grouped ? 'Other options' : 'Options');
  const args = help.visibleArguments(command);
  return [
    `# tailnas ${command.name()}`,
    inline(sentence(command.description())),
    `\`\`\`sh\nnpx tailnas ${command.name()} ${command.usage()}\n\`\`\``,
    afterHelp(command),
    ...(args.length === 0 ? [] : ['## Arguments', definitions(args.map((argument) => ofArgument(help, argument)))]),
    ...[...new Set(options.map(groupOf))].flatMap((heading) => [
      `## ${heading}`,
      definitions(options.filter((o) => groupOf(o) === heading).map((option) => ofOption(help, option))),
    ]),
  ].join('\n\n');
};

/** The page that lists all commands. */
export const commandsPage = (commands: readonly Command[]): string =>
  [
    '# Commands',
    'These pages are made from the commands themselves. `npx tailnas <command> --help` prints the same.',
    'Every command takes `--help`, and `--use <module>`: a module of yours that [adds to the registries](../own.md).',
    commands.map((c) => `- [\`${c.name()}\`](${c.name()}.md): ${inline(c.description())}`).join('\n'),
    'The exit code is 0 for success, 1 for a failure, 2 for wrong usage, and 130 after Ctrl-C.',
  ].join('\n\n');
