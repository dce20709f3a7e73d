import { ReflectionKind } from 'typedoc';

/**
 * Corrects what TypeDoc writes: it has no name for a parameter that is taken apart where it is declared, which are
 * options here; and it takes the property `record` of `Learner` for a heading like that of `LearnerRecord`.
 * @param {import('typedoc').Application} app
 */
export const load = (app) => {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const signature of project.getReflectionsByKind(ReflectionKind.SomeSignature)) {
      const nameless = signature.parameters?.filter(({ name }) => name.startsWith('__')) ?? [];
      for (const [i, parameter] of nameless.entries())
        parameter.name = i === nameless.length - 1 ? 'options' : i === 0 ? 'given' : `given${i + 1}`;
    }
  });
  app.renderer.on('endPage', (page) => {
    const headings = [...(page.contents?.matchAll(/^#+ (\w+)/gm) ?? [])].map(([, name]) => name?.toLowerCase());
    page.contents = page.contents?.replace(/\(#(\w+)-1\)/g, (link, name) =>
      headings.filter((heading) => heading === name).length > 1 ? link : `(#${name})`,
    );
  });
};
