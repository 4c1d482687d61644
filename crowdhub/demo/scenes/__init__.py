"""The marketplaces that play, in the order of the closing table."""

from collections.abc import Mapping

from crowdhub.demo.scene import Scene
from crowdhub.demo.scenes import capsolver, crowdsdom, etxt, rapidworkers

SCENES: Mapping[str, Scene] = {
    scene.name: scene for scene in (rapidworkers.SCENE, crowdsdom.SCENE, etxt.SCENE, capsolver.SCENE)
}
