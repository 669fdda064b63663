"""ectopy"""
