import { describe, expect, it } from 'vitest';
import { namedGenotype } from '../space/index.js';
import { changesOf, type Values } from './experiment.js';
import { training } from './train.js';
import { trainingRecipeNames, trainingRecipes, USUAL_RECIPE } from './train-recipes.js';

const dartsV2 = namedGenotype('darts-v2') ?? {};
const resnet = training({ name: 'resnet(32)', genotypes: null });
const heads = training({ name: 'heads', genotypes: { backbone: dartsV2, instance: dartsV2, class: dartsV2 } });

describe('training recipes', () => {
  it.each(trainingRecipeNames)('%s sets what it says, and a run of it is known by its name', (recipe) => {
    const plan = resnet.with({ recipe });
    const plain = resnet.with({ recipe: 'plain' }).values;
    const differ = Object.keys(plan.values).filter((name) => plan.values[name] !== plain[name] && name !== 'recipe');
    expect(differ.sort()).toEqual(Object.keys(trainingRecipes[recipe].values).sort());
    expect(plan.notices).toContain(`recipe ${recipe}: ${trainingRecipes[recipe].about}`);
    // What it says of itself does not depend on whether the recipe is the usual one because of its own loss.
    const usual = resnet.with({}).values['recipe'] === recipe;
    expect(changesOf(plan)).toEqual(usual ? {} : { recipe });
    expect(resnet.with(plan.values).values).toEqual(plan.values);
  });

  it('says what was changed of it', () => {
    const { notices } = resnet.with({ loss: 'focal', sam: 0.05 });
    expect(notices).toContain('recipe plain, changed by --loss focal(2) --sam 0.05');
  });

  it.each(['class-balanced(0.9999)', 'class-balanced-focal(0.9999, 1)', 'balanced-softmax'])(
    'says where %s and class-balanced batches correct twice, also those of a second branch',
    (loss) => {
      const twice = expect.stringMatching(/ each make rare classes count as much as frequent ones/);
      expect(resnet.with({ loss, sampling: 'class' }).notices).toContainEqual(twice);
      expect(heads.with({ loss, bilateral: true, auxiliary: 0, dropPath: 0 }).notices).toContainEqual(twice);
      expect(resnet.with({ loss }).notices).not.toContainEqual(twice);
    },
  );

  it('is the usual one unless said', () => {
    expect(resnet.with({}).values).toEqual(resnet.with({ recipe: USUAL_RECIPE }).values);
    expect(heads.with({}).values['recipe']).toBe(USUAL_RECIPE);
  });

  it.each<Values>([
    { loss: 'focal' },
    { sampling: 'class' },
    { classifier: 'cosine' },
    { reweight: 'step(0.8)' },
    { classifierStage: 10 },
    { stage: 'tau(1)' },
  ])('corrects the imbalance once: %o starts from plain', (values) => {
    const plan = resnet.with(values);
    expect(plan.values).toEqual({ ...resnet.with({ recipe: 'plain' }).values, ...plan.values });
    expect(plan.values['recipe']).toBe('plain');
    const besides = USUAL_RECIPE === 'plain' ? [] : ['recipe'];
    expect(Object.keys(changesOf(plan)).sort()).toEqual([...Object.keys(values), ...besides].sort());
  });

  it.each<[Values, string[]]>([
    [{ recipe: 'balanced-softmax', sampling: 'class' }, ['--loss balanced-softmax and --sampling class']],
    [{ recipe: 'mixup-drw', sampling: 'square-root' }, ['--reweight "step(0.8)" and --sampling square-root']],
    [{ classifierStage: 5, stageLoss: 'logit-adjusted' }, ['--stage-loss logit-adjusted(1) and the class-balanced']],
    [{ recipe: 'ldam-drw' }, []],
    [{ recipe: 'mislas' }, []],
    [{ loss: 'logit-adjusted(0)', sampling: 'class' }, []],
    [{ recipe: 'mixup-drw', epochs: 4 }, ['--reweight "step(0.8)" is 0 in every epoch']],
    [{ recipe: 'mixup-drw', epochs: 5 }, []],
    [{ recipe: 'cmo-balanced-softmax', epochs: 1 }, ['--mix-rate "between(0.02, 0.985)" is 0 in every epoch']],
    [{ recipe: 'cmo-balanced-softmax', epochs: 2 }, []],
    [{ recipe: 'mixup-drw', reweightBeta: 0 }, ['--reweight-beta 0 weighs all classes alike']],
    [{ lr: 0 }, ['--lr is 0: no weight moves in the training']],
    [{ lr: 0.01, lrMin: 0.1 }, ['the learning rate rises from --lr 0.01 to --lr-min 0.1']],
    [{ classifierStage: 3, stageLr: 0 }, ['--stage-lr is 0: the stage trains nothing']],
  ])('says where it is corrected twice or not at all: %o', (values, starts) => {
    const { notices } = resnet.with(values);
    expect(notices.filter((text) => !text.startsWith('recipe '))).toEqual(
      starts.map((start) => expect.stringContaining(start)),
    );
  });

  it('of two branches is plain: they are a correction of their own', () => {
    expect(heads.with({ bilateral: true }).values).toMatchObject({ recipe: 'plain', sampling: 'class' });
    expect(changesOf(heads.with({ bilateral: true }))).toMatchObject({ bilateral: true });
  });

  it.each<[Values, Values]>([
    [{ reweight: 'constant(0.0)' }, {}],
    [{ classifierStage: '00' }, {}],
    [{ recipe: 'cmo-balanced-softmax', augment: 'default+cmo( 1,0.50 )' }, { recipe: 'cmo-balanced-softmax' }],
    [{ recipe: 'mixup-drw', augment: 'default+mixup(1.0)' }, { recipe: 'mixup-drw' }],
    [{ loss: ' balanced-softmax ' }, {}],
  ])('reads values, not how they are typed: %o is %o', (typed, meant) => {
    expect(resnet.with(typed).values).toEqual(resnet.with(meant).values);
    expect(resnet.with(typed).notices).toEqual(resnet.with(meant).notices);
  });

  it('has no stage where that is given no epochs, and says so', () => {
    const plan = resnet.with({ recipe: 'mislas', classifierStage: 0 });
    expect(plan.values).toMatchObject({ stage: 'crt', stageLoss: 'cross-entropy', augment: 'default + mixup(1)' });
    expect(plan.notices).toContain('recipe mislas, changed by --classifier-stage 0');
    expect(changesOf(plan)).toEqual({ recipe: 'mislas', classifierStage: 0 });
    expect(changesOf(resnet.with({ recipe: 'crt', classifierStage: 0 }))).toEqual({
      recipe: 'crt',
      classifierStage: 0,
    });
  });

  it('says of two branches what was changed of them alone', () => {
    const [notice] = heads.with({ bilateral: true }).notices.filter((text) => text.startsWith('recipe '));
    expect(notice).toBe(`recipe plain: ${trainingRecipes.plain.about}`);
    const { notices } = heads.with({ bilateral: true, mixing: 'constant(1)' });
    expect(notices).toContainEqual(expect.stringContaining('the class head is not trained at all'));
  });

  it('says of an option that the recipe set how to undo it', () => {
    expect(() => heads.with({ bilateral: true, recipe: 'mislas' })).toThrow(
      '--classifier-stage: a network trained with --bilateral has two classifiers; recipe mislas sets it: give ' +
        '--classifier-stage 0, or take another recipe',
    );
    expect(heads.with({ bilateral: true, recipe: 'mislas', classifierStage: 0 }).values).toMatchObject({
      stage: 'crt',
    });
  });

  it('gives way to single options', () => {
    expect(resnet.with({ recipe: 'mixup-drw', reweight: 'step(0.9)' }).values).toMatchObject({
      augment: 'default + mixup(1)',
      reweight: 'step(0.9)',
    });
  });

  it('loses how often it mixes with the augmentation that it mixes by', () => {
    const of = (augment?: string) =>
      resnet.with({ recipe: 'cmo-balanced-softmax', ...(augment && { augment }) }).values;
    expect(of()).toMatchObject({ mixRate: 'between(0.02, 0.985)' });
    expect(of('default')).toMatchObject({ mixRate: 'constant(1)', loss: 'balanced-softmax' });
  });

  it('refuses an unknown name with the nearest', () => {
    expect(() => resnet.with({ recipe: 'mixup' })).toThrow(
      /Cannot use --recipe: it must be one of plain,.*got "mixup"/,
    );
  });
});
