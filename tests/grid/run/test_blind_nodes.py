"""Nodes that do not see a trial's images: left out, said once, and never left without a way out."""

from grid.run.on_ray.blind_nodes import BlindNodes, request_of
from grid.run.shares import Share

ONE_CPU = Share(0.0, 1.0)
A_GPU = Share(1.0, 1.0)


class Cluster:
    def __init__(self, **nodes):
        self.nodes, self.notes = nodes, []
        self.blind = BlindNodes(lambda: self.nodes, self.notes.append)


def test_no_node_is_left_out_before_a_trial_came_back():
    assert Cluster(a={"cpu": 1.0}).blind.to_avoid("fit", ONE_CPU) == []


def test_a_node_that_one_trial_came_back_from_is_left_out_by_all_and_said_once():
    cluster = Cluster(a={"cpu": 1.0}, b={"cpu": 1.0})
    cluster.blind.came_back("fit", "a", "host a does not see /images")
    cluster.blind.came_back("other", "a", "host a does not see /images")
    assert cluster.blind.to_avoid("third", ONE_CPU) == ["a"]
    assert cluster.blind.seeing() == [{"cpu": 1.0}]
    assert cluster.notes == ["host a does not see /images. That node is left out meanwhile"]


def test_where_no_other_node_could_take_a_trial_only_its_own_experience_counts():
    cluster = Cluster(a={"cpu": 4.0, "gpu": 1.0}, b={"cpu": 4.0})
    cluster.blind.came_back("fit", "a", "host a does not see /images")
    assert cluster.blind.to_avoid("other", A_GPU) == []
    assert cluster.blind.to_avoid("fit", A_GPU) == ["a"]
    assert cluster.blind.to_avoid("other", ONE_CPU) == ["a"]


def test_a_trial_that_came_back_from_every_living_node_has_none_left():
    cluster = Cluster(a={"cpu": 1.0}, b={"cpu": 1.0})
    cluster.blind.came_back("fit", "a", "host a does not see /images")
    assert cluster.blind.none_left("fit") == ""
    cluster.blind.came_back("fit", "b", "host b does not see /images")
    assert cluster.blind.none_left("fit") == (
        "host a does not see /images; host b does not see /images"
    )
    assert cluster.blind.none_left("other") == ""
    cluster.nodes["c"] = {"cpu": 1.0}
    assert cluster.blind.none_left("fit") == ""


def test_a_request_that_avoids_nodes_is_one_class_however_often_it_is_made():
    config = {"resources": {"cpu": 2.0, "gpu": 0.5, "accelerator_type:H100": 0.001}}
    assert request_of({**config, "not_on": []}) == config["resources"]
    first, again, other = (
        request_of({**config, "not_on": nodes}) for nodes in (["a", "b"], ["a", "b"], ["a"])
    )
    assert first == again != other
    assert first.bundles == [{"CPU": 2.0, "GPU": 0.5, "accelerator_type:H100": 0.001}]
    assert first._kwargs == {"bundle_label_selector": [{"ray.io/node-id": "!in(a,b)"}]}
