import { ReflectionKind } from 'typedoc';

/**
 * A plugin of TypeDoc, which has no name for a parameter that is taken apart where it is declared: those are `options`.
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
};
